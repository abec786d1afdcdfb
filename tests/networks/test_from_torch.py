"""A user's own torch module and its copy here: the same outputs, states and gradients in float64, to 1e-10."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import rnn_core as rc
from tests.cells.cases import one_sentence, same

T, B, INPUTS, H = 7, 3, 4, 5
LENGTHS = torch.tensor([5, 7, 2])
KINDS = {"tanh": (nn.RNN, {"nonlinearity": "tanh"}), "relu": (nn.RNN, {"nonlinearity": "relu"}),
         "lstm": (nn.LSTM, {}), "gru": (nn.GRU, {})}
SHAPES = {"one": {}, "two layers": {"num_layers": 2}, "three layers": {"num_layers": 3},
          "two ways": {"bidirectional": True}, "two layers two ways": {"num_layers": 2, "bidirectional": True},
          "without biases": {"bias": False}}


def module(kind: str, shape: str) -> nn.Module:
    """A fresh module of torch in float64."""
    cls, options = KINDS[kind]
    return cls(INPUTS, H, batch_first=True, **options, **SHAPES[shape]).double()


def initial(m: nn.Module) -> tuple[Tensor, ...]:
    """Random initial states as torch wants them: h, or h and c, each (layers × directions, b, n)."""
    rows = m.num_layers * (2 if m.bidirectional else 1)
    return tuple(torch.randn(rows, B, H, dtype=torch.float64) for _ in range(2 if isinstance(m, nn.LSTM) else 1))


def theirs(m: nn.Module, x: Tensor, start: tuple[Tensor, ...], ragged: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
    """torch's outputs (b, t, o) and final states."""
    hx = start if isinstance(m, nn.LSTM) else start[0]
    if ragged:
        packed, final = m(pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False), hx)
        out = pad_packed_sequence(packed, batch_first=True, total_length=T)[0]
    else:
        out, final = m(x, hx)
    return out, final if isinstance(final, tuple) else (final,)


def our_start(net, m: nn.Module, start: tuple[Tensor, ...]):
    """The same initial states as our network takes them: one a cell, a tuple for a stack, a list for two directions."""
    cells = [rc.unroll(c, torch.zeros(1, 1, c.input_size, dtype=torch.float64)).final for c in flat_cells(net)]
    states = [type(c)(*(v[k] for v in start)) for k, c in enumerate(cells)]
    return states if m.bidirectional else tuple(states) if m.num_layers > 1 else states[0]


def flat_cells(net):
    """Every cell that has weights, in torch's order."""
    return [layer for cell in net.cells for layer in getattr(cell, "layers", [cell])]


def our_finals(trace, m: nn.Module) -> tuple[Tensor, ...]:
    """Our final states stacked as torch stacks them."""
    final = [p.final for p in trace.passes]
    states = final[0] if not m.bidirectional and m.num_layers > 1 else final
    return tuple(torch.stack(field) for field in zip(*states, strict=True))


def our_gradients(net, m: nn.Module, found: list[Tensor]) -> list[Tensor]:
    """Our gradients of W, R, b (and c) as gradients of torch's weight_ih, weight_hh, bias_ih, bias_hh."""
    given = iter(found)
    result = []
    for cell in flat_cells(net):
        grads = {name: next(given) for name, _ in cell.named_parameters()}
        b = c = grads["b"]
        if isinstance(m, nn.GRU):
            c = torch.cat([b[:2 * H], grads["c"]])
        result += [grads["W"], grads["R"], b, c]
    return result


def torch_weights(m: nn.Module) -> list[Tensor]:
    """torch's weights in the same order."""
    sides = ("", "_reverse") if m.bidirectional else ("",)
    return [getattr(m, f"{name}_l{n}{side}") for n, side in itertools.product(range(m.num_layers), sides)
            for name in ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if m.bias else ()))]


@pytest.mark.parametrize("ragged", [False, True], ids=["equal lengths", "ragged"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_states_and_all_gradients(kind, shape, ragged):
    m = module(kind, shape)
    net = rc.from_torch(m)
    x = torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)
    start = tuple(v.requires_grad_() for v in initial(m))
    mask = torch.arange(T) < LENGTHS.unsqueeze(1) if ragged else None
    out, final = theirs(m, x, start, ragged)
    trace = net.trace(x, mask=mask, state=our_start(net, m, start))
    finals = our_finals(trace, m)
    same((trace.outputs, finals), (out, final), atol=1e-10)
    directions = [torch.randn_like(v) for v in (out, *final)]

    def measured(values) -> Tensor:
        return sum((v * d).sum() for v, d in zip(values, directions, strict=True))

    expected = torch.autograd.grad(measured((out, *final)), [x, *start, *torch_weights(m)])
    got = torch.autograd.grad(measured((trace.outputs, *finals)), [x, *start, *net.parameters()])
    ahead = 1 + len(start)
    ours = our_gradients(net, m, got[ahead:])
    ours = ours if m.bias else [g for k, g in enumerate(ours) if k % 4 < 2]
    same([*got[:ahead], *ours], list(expected), atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_fast_road_agrees_too(kind, shape):
    m = module(kind, shape)
    net = rc.from_torch(m)
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    zeros = tuple(torch.zeros_like(v) for v in initial(m))
    for ragged, mask in ((False, None), (True, torch.arange(T) < LENGTHS.unsqueeze(1))):
        same(net(x, mask=mask), theirs(m, x, zeros, ragged)[0], atol=1e-10)
        same(net(x, mask=mask), net.trace(x, mask=mask).outputs, atol=1e-10)


def test_the_copy_is_a_copy():
    m = module("gru", "one")
    net = rc.from_torch(m)
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    before = net(x)
    with torch.no_grad():
        m.weight_ih_l0.zero_()
    torch.testing.assert_close(net(x), before, rtol=0, atol=0)
    assert next(rc.from_torch(nn.GRU(2, 3)).parameters()).dtype == torch.float32


def test_a_module_larger_than_any_slider():
    m = nn.LSTM(3, 700, batch_first=True)
    net = rc.from_torch(m)
    x = torch.randn(2, 4, 3)
    torch.testing.assert_close(net(x), m(x)[0])
    assert net.cells[0].settings.hidden_size == 700


def test_time_first_modules_are_read_batch_first():
    m = nn.RNN(INPUTS, H)
    x = torch.randn(B, T, INPUTS)
    torch.testing.assert_close(rc.from_torch(m)(x), m(x.transpose(0, 1))[0].transpose(0, 1))


@pytest.mark.parametrize(("wrong", "words"), [
    (nn.Linear(2, 3), "Cannot read a Linear"),
    (nn.LSTMCell(2, 3), "Cannot read a LSTMCell"),
    (nn.LSTM(2, 4, proj_size=2), "proj_size"),
    (nn.GRU(2, 3, 2, dropout=0.5), "Dropout"),
    (nn.Sequential(nn.GRU(2, 3)), "Cannot read a Sequential"),
    ("not a module", "Cannot read a str"),
    (None, "Cannot read a NoneType"),
], ids=lambda v: v if isinstance(v, str) else type(v).__name__)
def test_what_cannot_be_read_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words) as caught:
        rc.from_torch(wrong)
    one_sentence(str(caught.value))


def test_dropout_that_is_switched_off_is_no_hindrance():
    m = nn.GRU(INPUTS, H, 2, dropout=0.5, batch_first=True).eval()
    x = torch.randn(B, T, INPUTS)
    torch.testing.assert_close(rc.from_torch(m)(x), m(x)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_every_analysis_understands_the_copy(kind):
    net = rc.from_torch(module(kind, "two layers two ways"))
    trace = net.trace(torch.randn(B, T, INPUTS, dtype=torch.float64))
    assert len(trace.passes) == 4 and len({p.name for p in trace.passes}) == 4
    for one in trace.passes:
        A, C = rc.step_jacobians(one)
        assert A.shape[:2] == C.shape[:2] == (B, T) and A.isfinite().all()
        assert set(one.probes) == set(one.cell.card.equations)
