"""A17, baselines without recurrent weights: they equal torch's convolution, and know nothing beyond their window."""
from __future__ import annotations

import statistics
from collections.abc import Iterator

import torch
from torch import Tensor, nn

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, gradients, quick, same

B, T, INPUTS, UNITS = 3, 7, 4, 5
SEEDS, UPDATES = (0, 1, 2), 70


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters: H(I + 1), H(kI + 1), C(kI + 1) a layer of filters."""
    expected = {"feed_forward": 20 * 11, "window_mlp": 20 * (6 * 10 + 1), "bag_of_words": 20 * 11,
                "causal_cnn": 20 * (3 * 10 + 1) + 20 * (3 * 20 + 1), "pooled_cnn": 20 * (3 * 10 + 1),
                "cnn_rnn": 20 * (3 * 10 + 1) + 3 * 20 * (20 + 20 + 1) + 20}
    for name, count in expected.items():
        cell = rc.make_cell(name, 10, hidden_size=20, **({"window": 6} if name == "window_mlp" else {}))
        yield equal(f"{name}: parameters at I = 10, H = 20", count, sum(p.numel() for p in cell.parameters()))


@quick
def equals_torch_convolution() -> Iterator[Finding]:
    """Every layer of filters equals torch's Conv1d after padding on the left, outputs and gradients."""
    for kernel in (2, 3, 5):
        for dilation, gaps in (("none", (1, 1, 1)), ("doubling", (1, 2, 4))):
            cell = _random(rc.make_cell("causal_cnn", INPUTS, hidden_size=UNITS, kernel=kernel, conv_layers=3,
                                        dilation=dilation))
            x, weighs = _inputs(), torch.randn(B, T, UNITS, dtype=torch.float64)
            z = x
            for layer, gap in enumerate(gaps, 1):
                z = torch.relu(_convolved(z, getattr(cell, f"W{layer}"), getattr(cell, f"b{layer}"), gap))
            y, name = rc.unroll(cell, x).outputs, f"kernel {kernel}, dilation {dilation}"
            wanted = [x, *cell.parameters()]
            yield same(f"{name}: outputs", y, z, 1e-12)
            yield same(f"{name}: gradients", *(gradients((v * weighs).sum(), wanted) for v in (y, z)), 1e-10)
            field = 1 + (kernel - 1) * sum(gaps)
            yield equal(f"{name}: receptive field", field, cell.receptive_field)
            yield equal(f"{name}: the oldest step that the last of {field + 3} is felt to depend on", 3, _oldest(cell))


@quick
def a_window_by_hand() -> Iterator[Finding]:
    """The net with a window, step by step over seven steps: h_t = tanh(Σ_j W_j x_{t−j} + b)."""
    cell, x = _random(rc.make_cell("window_mlp", INPUTS, hidden_size=UNITS, window=4)), _inputs()
    said = []
    for t in range(T):
        a = cell.b + sum(x[:, t - j] @ cell.W[:, j * INPUTS:(j + 1) * INPUTS].T for j in range(4) if t >= j)
        said.append(torch.tanh(a))
    yield same("a window: outputs", rc.unroll(cell, x).outputs, torch.stack(said, 1), 1e-12)
    yield equal("a window: the oldest step that the last of 7 is felt to depend on", 3, _oldest(cell))
    plain = _random(rc.make_cell("feed_forward", INPUTS, hidden_size=UNITS))
    yield same("a feedforward net: outputs", rc.unroll(plain, x).outputs, torch.tanh(x @ plain.W.T + plain.b), 1e-12)


@quick
def pools_are_cumulative() -> Iterator[Finding]:
    """Pools over all steps so far: torch's cummax of the feature map, and the mean by a running sum."""
    x = _inputs()
    for pool in ("max", "mean"):
        cell = _random(rc.make_cell("pooled_cnn", INPUTS, hidden_size=UNITS, pool=pool))
        z = torch.relu(_convolved(x, cell.W, cell.b))
        expected = z.cummax(1).values if pool == "max" else z.cumsum(1) / torch.arange(1, T + 1).view(-1, 1)
        yield same(f"{pool} of the feature map", rc.unroll(cell, x).outputs, expected, 1e-12)


@quick
def a_convolution_below_a_gru() -> Iterator[Finding]:
    """The convolution below a GRU is torch's Conv1d, relu and torch.nn.GRU one after the other."""
    cell, x = _random(rc.make_cell("cnn_rnn", INPUTS, hidden_size=UNITS)), _inputs()
    theirs = nn.GRU(UNITS, UNITS, batch_first=True).double()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(cell.W)
        theirs.weight_hh_l0.copy_(cell.R)
        theirs.bias_ih_l0.copy_(cell.b)
        theirs.bias_hh_l0.copy_(torch.cat([torch.zeros(2 * UNITS), cell.c]))
    z = torch.relu(_convolved(x, cell.C, cell.d))
    y, expected = rc.unroll(cell, x).outputs, theirs(z)[0]
    weighs = torch.randn(B, T, UNITS, dtype=torch.float64)
    yield same("a convolution below a GRU: outputs", y, expected, 1e-12)
    yield same("gradients of the inputs and the filters",
               *(gradients((v * weighs).sum(), [x, cell.C, cell.d]) for v in (y, expected)), 1e-10)
    yield same("gradients of the GRU's weights", gradients((y * weighs).sum(), [cell.W, cell.R, cell.b]),
               gradients((expected * weighs).sum(), [theirs.weight_ih_l0, theirs.weight_hh_l0, theirs.bias_ih_l0]),
               1e-10)


@quick
def a_bag_has_no_order() -> Iterator[Finding]:
    """The bag's answer is the same, bit for bit, whatever the order of its inputs; an Elman network's is not."""
    x = torch.randint(-8, 9, (1, T, INPUTS)).double() / 8
    orders = [torch.randperm(T) for _ in range(20)]
    for pool in ("mean", "sum"):
        cell = rc.make_cell("bag_of_words", INPUTS, hidden_size=UNITS, pool=pool).double()
        with torch.no_grad():
            cell.W.copy_(torch.randint(-64, 65, cell.W.shape) / 64)
        answers = [rc.unroll(cell, x[:, order]).outputs[:, -1] for order in orders]
        yield equal(f"{pool}: different answers to {len(orders)} orders of the same inputs", 1, _different(answers))
    other = _random(rc.make_cell("elman", INPUTS, hidden_size=UNITS))
    answers = [rc.unroll(other, x[:, order]).outputs[:, -1] for order in orders]
    yield equal("Elman: different answers to them", len({tuple(o.tolist()) for o in orders}), _different(answers))


@quick
def a_window_learns_what_it_sees() -> Iterator[Finding]:
    """Delayed recall is learnt when the window reaches back to the symbol, and not when it is one step short."""
    yield from _edge("window_mlp", 6, {"window": 6})


@quick
def a_convolution_learns_what_it_sees() -> Iterator[Finding]:
    """Delayed recall is learnt when the receptive field reaches back to the symbol, and not when it is one short."""
    yield from _edge("causal_cnn", 7, {"kernel": 3, "conv_layers": 2})


def _edge(architecture: str, field: int, settings: dict[str, int]) -> Iterator[Finding]:
    """Training on both sides of the edge: the symbol is the oldest input in the field, and one older; three seeds."""
    scores = []
    for lag in (field - 1, field):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "delayed_recall", lag=lag, hidden_size=16, learning_rate=0.02,
                                    updates=UPDATES, seed=seed, **settings)
            run = rc.train(spec, quiet=True)
            symbols = run.task.settings.symbols
            batch = run.task.show(torch.arange(symbols), torch.full((symbols,), lag))
            y = run.network(batch.x).detach()
            score = run.task.metric(y, batch)
            if lag < field:
                scores.append(score)
                continue
            name = f"lag {lag}, {UPDATES} updates, seed {seed}"
            yield equal(f"{name}: different answers to {symbols} symbols", 1, _different(list(y[:, -1])))
            yield below(f"{name}: accuracy at the question, no better than guessing", run.task.baseline().value, score)
    yield equal(f"lag {field - 1}, {UPDATES} updates: accuracy at the question, best of three seeds", 1.0, max(scores))
    yield above(f"lag {field - 1}, {UPDATES} updates: accuracy at the question, median of three seeds", 1.0,
                statistics.median(scores))


def _random(cell: nn.Module) -> nn.Module:
    """The cell in float64 with every number drawn anew."""
    cell = cell.double()
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_()
    return cell


def _inputs() -> Tensor:
    return torch.randn(B, T, INPUTS, dtype=torch.float64, requires_grad=True)


def _convolved(x: Tensor, W: Tensor, b: Tensor, gap: int = 1) -> Tensor:
    """torch's convolution of x (b, t, i), padded on the left; W (n, k·i) has the newest step first."""
    n, i = len(W), x.shape[2]
    filters = W.reshape(n, -1, i).flip(1).transpose(1, 2)                              # (n, i, k)
    left = (filters.shape[2] - 1) * gap
    padded = nn.functional.pad(x.transpose(1, 2), (left, 0))
    return nn.functional.conv1d(padded, filters, b, dilation=gap).transpose(1, 2)


def _oldest(cell: nn.Module) -> int:
    """Of a sequence three steps longer than the receptive field, the first step that the last output may feel.

    All weights and inputs are made positive, so that relu cuts nothing off.
    """
    x = torch.rand(1, cell.receptive_field + 3, INPUTS, dtype=torch.float64, requires_grad=True)
    free = {k: p.detach().abs() / p.shape[-1] for k, p in cell.named_parameters()}
    out = torch.func.functional_call(_Last(cell), {f"cell.{k}": v for k, v in free.items()}, (x,))
    felt, = gradients(out, [x])
    return int(felt[0].abs().sum(-1).nonzero()[0])


class _Last(nn.Module):
    """The sum of a cell's last output."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor) -> Tensor:
        return rc.unroll(self.cell, x).outputs[:, -1].sum()


def _different(answers: list[Tensor]) -> int:
    """How many of the answers are not the same, bit for bit."""
    return len({tuple(v.flatten().tolist()) for v in answers})
