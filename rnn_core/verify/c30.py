"""C30, sequences of different lengths: packed, masked and one by one are the same, and the filling has no say."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, gradients, quick, same

INPUTS, OUTPUTS, LENGTHS, WITHIN = 3, 2, (7, 5, 5, 2, 1), 1e-12


@quick
def three_roads() -> Iterator[Finding]:
    """Every cell that runs along a sequence: outputs, final states and gradients on three roads.

    Packed is a loop written out here, in which a sequence leaves the batch when it ends; masked is one call with NaN in
    the filling; one by one gives each sequence a call of its own.
    """
    x, mask = _filled()
    for name, cell in _cells():
        masked = rc.unroll(cell, x, mask=mask)
        alone = [rc.unroll(cell, x[k:k + 1, :length]) for k, length in enumerate(LENGTHS)]
        weights = torch.randn(sum(LENGTHS), cell.output_size, dtype=torch.float64)
        roads = {"masked": (masked.outputs[mask], masked.final),
                 "packed": _packed(cell, x),
                 "one by one": (torch.cat([t.outputs[0] for t in alone]),
                                _merged([t.final for t in alone], torch.cat))}
        found = {road: [out, *_leaves(final), *gradients((out * weights).sum(), list(cell.parameters()))]
                 for road, (out, final) in roads.items()}
        for road in ("packed", "one by one"):
            yield same(f"{name}: masked and {road}: outputs, final states, gradients", found["masked"], found[road],
                       WITHIN)


@quick
def filling_has_no_say() -> Iterator[Finding]:
    """Outputs are exactly 0 where no step is, and NaN, a thousand or nothing in the filling give the same numbers."""
    x, mask = _filled()
    there = mask.unsqueeze(-1)
    for name, cell in _cells():
        first, *others = [rc.unroll(cell, torch.where(there, x, fill), mask=mask) for fill in (torch.nan, 1000.0, 0.0)]
        yield equal(f"{name}: largest output where no step is", 0.0, float(first.outputs[~mask].detach().abs().max()))
        yield same(f"{name}: outputs and final states, whatever the filling",
                   [first.outputs, *_leaves(first.final)] * 2,
                   [v for t in others for v in (t.outputs, *_leaves(t.final))], 0.0)


@quick
def all_wirings() -> Iterator[Finding]:
    """Every wiring, also the one that reads backwards: masked, its fast road, and one by one."""
    x, mask = _filled()
    for wiring in rc.wirings():
        for architecture in ("elman", "lstm", "gru"):
            spec = rc.Experiment.of(architecture, "adding", wiring=wiring, hidden_size=4)
            network = spec.make_network().double()
            heard = x[..., :network.cells[0].input_size]
            alone = torch.cat([network(heard[k:k + 1, :length])[0] for k, length in enumerate(LENGTHS)])
            for road, y in (("masked", network.trace(heard, mask=mask).outputs), ("fast", network(heard, mask=mask))):
                yield same(f"{architecture}, {wiring}: {road} and one by one", y[mask], alone, WITHIN)


@quick
def equals_torch() -> Iterator[Finding]:
    """Two layers that read both ways, against torch's own modules on a packed batch."""
    x, mask = _filled()
    for kind in (nn.RNN, nn.LSTM, nn.GRU):
        module = kind(INPUTS, 4, 2, batch_first=True, bidirectional=True).double()
        packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True)
        theirs, _ = nn.utils.rnn.pad_packed_sequence(module(packed)[0], batch_first=True)
        network = rc.from_torch(module)
        yield same(f"{kind.__name__}, two layers, both ways", network.trace(x, mask=mask).outputs, theirs, WITHIN)


@quick
def losses_and_metrics() -> Iterator[Finding]:
    """The loss of a ragged batch is that of its sequences one by one, each weighed by its steps that count."""
    for name in ("adding", "delayed_recall", "temporal_order", "sentiment", "word_order"):
        options = {"ragged": True} if name not in ("sentiment", "word_order") else {}
        spec = rc.Experiment.of("lstm", name, hidden_size=4, **options)
        network, task = spec.make_network().double(), spec.make_task()
        batch = task.sample(6, torch.Generator().manual_seed(0))
        batch = batch._replace(x=batch.x.double())
        there, costs = batch.mask.sum(1).tolist(), []
        for k, length in enumerate(there):
            one = rc.Batch(*(None if v is None else v[k:k + 1, :length] for v in batch))
            costs.append((float(one.counted.sum()), task.loss(network(one.x), one)))
        mean = sum(many * cost for many, cost in costs) / sum(many for many, _ in costs)
        together = task.loss(network(batch.x, mask=batch.mask), batch)
        yield same(f"{name}: loss of the batch and of its sequences", together, mean, WITHIN)


def _cells() -> Iterator[tuple[str, Any]]:
    """Every architecture that runs along a sequence, in float64."""
    for name in rc.architectures():
        cell = rc.make_cell(name, INPUTS, output_size=OUTPUTS).double()
        if "sequence" in cell.runs_along:
            yield name, cell


def _filled() -> tuple[Tensor, Tensor]:
    """x (b, t, i) with NaN where no step is, and the mask (b, t)."""
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    x = torch.randn(*mask.shape, INPUTS, dtype=torch.float64)
    return x.masked_fill(~mask.unsqueeze(-1), torch.nan), mask


def _packed(cell: Any, x: Tensor) -> tuple[Tensor, Any]:
    """Outputs of all steps that exist, a sequence after the other, and final states: longest sequences first."""
    state, said, final = cell.initial_state(len(LENGTHS)), [[] for _ in LENGTHS], [None] * len(LENGTHS)
    for t in range(max(LENGTHS)):
        still = sum(length > t for length in LENGTHS)
        state = _mapped(state, lambda v, still=still: v[:still])
        out, state, _ = cell.step(x[:still, t], state)
        for k in range(still):
            said[k].append(out[k])
            final[k] = _mapped(state, lambda v, k=k: v[k:k + 1])
    return torch.cat([torch.stack(steps) for steps in said]), _merged(final, torch.cat)


def _mapped(state: Any, change: Any) -> Any:
    return change(state) if isinstance(state, Tensor) else _alike(state, [_mapped(v, change) for v in state])


def _merged(states: list[Any], join: Any) -> Any:
    if isinstance(states[0], Tensor):
        return join(states)
    return _alike(states[0], [_merged(list(parts), join) for parts in zip(*states, strict=True)])


def _alike(state: Any, parts: list[Any]) -> Any:
    """A tuple of the same kind, named or not."""
    return tuple(parts) if type(state) is tuple else type(state)(*parts)


def _leaves(state: Any) -> list[Tensor]:
    return [state.double()] if isinstance(state, Tensor) else [v for part in state for v in _leaves(part)]
