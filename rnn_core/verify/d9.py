"""D9, the energy landscape: the mirror image of a pattern is as deep a valley, and mixtures are valleys too."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, quick


@quick
def the_mirror_image_is_as_deep() -> Iterator[Finding]:
    """Wherever a pattern stands still its inverse does, with the same energy; the way there is mirrored too."""
    for seed, units in enumerate((20, 100, 401)):
        cell, patterns = _stored(max(1, units // 30), units, seed)
        kind = type(cell.initial_state(1))
        for sign, name in ((1, "patterns"), (-1, "inverses")):
            after = rc.unroll(cell, state=kind(sign * patterns), steps=1).final.s
            yield equal(f"{units} units: {name} of {len(patterns)} that move", 0,
                        int((after != sign * patterns).any(1).sum()))
        W = (patterns.T @ patterns).double() / units
        W -= torch.diag(W.diagonal())
        deep = -0.5 * torch.einsum("pi,ij,pj->p", -patterns.double(), W, -patterns.double())
        yield below(f"{units} units: energy of the patterns, beside that of the inverses computed here", 1e-4,
                    float((cell.energy(kind(patterns)).double() - deep).abs().max()))
        start = patterns[0] * torch.where(torch.rand(units, generator=torch.Generator().manual_seed(seed)) < 0.1, -1, 1)
        ways = [rc.recall(cell, sign * start, patterns, sweeps=5) for sign in (1, -1)]
        yield equal(f"{units} units: where a damaged pattern and its mirror image end", "stored, inverse",
                    ", ".join(way.kind for way in ways))
        yield equal(f"{units} units: numbers that differ between the two ways", 0,
                    int((ways[0].states != -ways[1].states).sum()))


@quick
def mixtures_are_valleys_of_their_own() -> Iterator[Finding]:
    """Three patterns in 400 units: their majority stands still, overlaps each by about ½, and is less deep."""
    for seed in range(3):
        cell, patterns = _stored(3, 400, seed)
        found = rc.recall(cell, patterns.sum(0).sign(), patterns, sweeps=3)
        yield equal(f"seed {seed}: where it ends, after how many changes", "mixture, 0",
                    f"{found.kind}, {len(found.states) - 1}")
        pure = rc.recall(cell, patterns[0], patterns, sweeps=1)
        yield above(f"seed {seed}: how much higher it lies than a pattern", 1.0,
                    float(found.energy[-1] - pure.energy[-1]))
        yield below(f"seed {seed}: largest difference of its overlaps from ½", 0.1,
                    float((found.overlaps[-1] - 0.5).abs().max()))


@quick
def recall_only_goes_down() -> Iterator[Finding]:
    """From random starts under both ways to store: E, computed here, falls with every change until the way ends."""
    stream, worst, moving, changes = torch.Generator().manual_seed(3), -math.inf, 0, 0
    for units, count, storage in ((7, 2, "outer_product"), (40, 9, "outer_product"), (40, 15, "pseudo_inverse")):
        cell, patterns = _stored(count, units, units, storage)
        for seed in range(6):
            found = rc.recall(cell, _signs(1, units, stream)[0], patterns, seed=seed)
            energy = torch.einsum("ki,ij,kj->k", found.states, -0.5 * cell.W, found.states)
            worst = max(worst, float(energy.diff().max()) if len(energy) > 1 else -math.inf)
            moving += not found.settled
            changes += len(energy) - 1
    yield below("largest rise", 1e-5, worst)
    yield equal("ways of 18 that have not come to rest", 0, moving)
    yield above("changes on the way", 100, changes)


@quick
def valleys_shrink() -> Iterator[Finding]:
    """100 units: the damage that half of the starts survive falls from 3 to 10 patterns; with 60 hardly any stays."""
    for seed in range(3):
        radii = []
        for count in (3, 10):
            cell, patterns = _stored(count, 100, seed)
            radii.append(rc.basins(cell, patterns, starts=30, seed=seed).radius)
        yield above(f"seed {seed}: damage survived with 3 patterns, less that with 10", 0.05, radii[0] - radii[1])
        cell, patterns = _stored(60, 100, seed)
        found = rc.basins(cell, patterns, damages=(0.0, 0.1), starts=30, seed=seed)
        yield below(f"seed {seed}: share recalled without damage with 60 patterns", 0.2, float(found.recalled[0]))


def _signs(count: int, units: int, stream: torch.Generator) -> Tensor:
    """(count, units) of ±1."""
    return torch.randint(0, 2, (count, units), generator=stream) * 2.0 - 1.0


def _stored(count: int, units: int, seed: int, storage: str = "outer_product") -> tuple[torch.nn.Module, Tensor]:
    """A network and the random patterns that it stores."""
    patterns = _signs(count, units, torch.Generator().manual_seed(seed))
    cell = rc.make_cell("hopfield", 1, hidden_size=units, storage=storage)
    cell.store(patterns)
    return cell, patterns
