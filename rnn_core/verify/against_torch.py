"""Ours against torch.nn, in float64: outputs, final states and every gradient, ragged, from a non-zero state."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

import rnn_core as rc
from rnn_core.verify.check import Finding, gradients, same

LENGTHS = torch.tensor([7, 4, 2])
INPUTS, UNITS, WITHIN = 4, 5, 1e-10


def against_torch(module: nn.Module, name: str) -> Iterator[Finding]:
    """One recurrent module of torch and the network that ``rc.from_torch`` makes of it: T = 7, B = 3, lengths 7, 4, 2.

    The loss weighs every output and every final state at random. Padding holds NaN.
    """
    module = module.double()
    b, t = len(LENGTHS), int(LENGTHS.max())
    mask = torch.arange(t) < LENGTHS.unsqueeze(1)
    x = torch.randn(b, t, INPUTS, dtype=torch.float64).masked_fill(~mask.unsqueeze(-1), torch.nan).requires_grad_()
    fields = 2 if isinstance(module, nn.LSTM) else 1
    start = [torch.randn(b, UNITS, dtype=torch.float64, requires_grad=True) for _ in range(fields)]
    weights = [torch.randn(b, t, UNITS, dtype=torch.float64), *(torch.randn_like(v) for v in start)]

    def weighed(out: Tensor, final: Any) -> Tensor:
        return sum((v * w).sum() for v, w in zip([out, *final], weights, strict=True))

    packed = nn.utils.rnn.pack_padded_sequence(x, LENGTHS, batch_first=True)
    layered = [v.unsqueeze(0) for v in start]
    got, last = module(packed, tuple(layered) if fields == 2 else layered[0])
    out, _ = nn.utils.rnn.pad_packed_sequence(got, batch_first=True)
    final = [v.squeeze(0) for v in (last if fields == 2 else (last,))]
    theirs = gradients(weighed(out, final), [x, *start, module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0])

    network = rc.from_torch(module)
    cell = network.cells[0]
    state = type(cell.initial_state(b))(*start)
    trace = network.trace(x, mask=mask, state=state)
    ours = gradients(weighed(trace.outputs, trace.main.final), [x, *start, cell.W, cell.R, cell.b])

    yield same(f"{name}: outputs equal torch's", trace.outputs, out, WITHIN)
    yield same(f"{name}: final state equals torch's", list(trace.main.final), final, WITHIN)
    yield same(f"{name}: gradients of the inputs", ours[0].masked_fill(~mask.unsqueeze(-1), 0),
               theirs[0].masked_fill(~mask.unsqueeze(-1), 0), WITHIN)
    yield same(f"{name}: gradients of the initial state", ours[1:1 + fields], theirs[1:1 + fields], WITHIN)
    yield same(f"{name}: gradients of W, R and b", ours[1 + fields:], theirs[1 + fields:], WITHIN)
    if isinstance(module, nn.GRU):
        mine, = gradients(weighed(trace.outputs, trace.main.final), [cell.c])
        yours, = gradients(weighed(out, final), [module.bias_hh_l0])
        yield same(f"{name}: gradient of c, the bias inside the reset", mine, yours[2 * UNITS:], WITHIN)
    fast, slow = network(x, mask=mask), network.trace(x, mask=mask).outputs
    yield same(f"{name}: the fast road and the loop give the same outputs", fast, slow, WITHIN)
    yield same(f"{name}: the fast road and the loop give the same gradients",
               *(gradients((v * weights[0]).sum(), list(cell.parameters())) for v in (fast, slow)), WITHIN)
