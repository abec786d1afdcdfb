"""D14, sensitivity to order: a bag does not care, a net that remembers the last step cares for nothing else."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, above, below, equal, quick, same

B, T, INPUTS = 6, 9, 3


class Bag(torch.nn.Module):
    """The mean of all that was read so far, through a net of two layers: blind to order at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Linear(INPUTS, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2)).double()

    def trace(self, x: Tensor, *, mask: Tensor | None = None) -> rc.NetworkTrace:
        """Outputs (b, t, 2)."""
        steps = torch.arange(1, x.shape[1] + 1).view(1, -1, 1)
        return rc.NetworkTrace(self.net(x.cumsum(1) / steps), ())


@quick
def bags_are_blind() -> Iterator[Finding]:
    """A bag, and a linear net with R = 1 that adds its inputs up, change by exactly 0 in any order."""
    x = torch.randint(-8, 9, (B, T, INPUTS)).double() / 8
    adder = _network("elman", activation="linear")
    with torch.no_grad():
        adder.cells[0].R.copy_(torch.eye(4))
        for p in (adder.cells[0].W, adder.cells[0].b):
            p.copy_((p * 8).round() / 8)
    for name, network in (("bag", Bag()), ("adder", adder)):
        for kind, target in (("numbers", torch.zeros(B, T, 2)), ("classes", torch.zeros(B, T, dtype=torch.long))):
            found = rc.order_sensitivity(network, rc.Batch(x, target))
            yield equal(f"{name}, {kind}: largest change", 0.0, float(torch.cat([found.shuffled, found.swapped]).max()))
            yield above(f"{name}, {kind}: how far apart the answers of different sequences are", 1e-3, found.apart)


@quick
def rounding_is_all() -> Iterator[Finding]:
    """With any real numbers a bag changes by no more than the rounding of its sum."""
    found = rc.order_sensitivity(Bag(), rc.Batch(torch.randn(B, T, INPUTS, dtype=torch.float64), torch.zeros(B, T, 2)))
    yield below("largest change", 1e-14, float(torch.cat([found.shuffled, found.swapped]).max()))


@quick
def swaps_by_hand() -> Iterator[Finding]:
    """Every swap of two neighbours gives what reading the swapped sequence gives."""
    for architecture in ("elman", "lstm", "gru"):
        network = _network(architecture)
        x = torch.randn(B, T, INPUTS, dtype=torch.float64)
        found = rc.order_sensitivity(network, rc.Batch(x, torch.zeros(B, T, 2)))
        by_hand = []
        for k in range(T - 2):
            order = list(range(T))
            order[k], order[k + 1] = k + 1, k
            by_hand.append((network(x[:, order])[:, -1] - network(x)[:, -1]).norm(dim=-1).detach())
        yield same(f"{architecture}: all {T - 2} swaps", found.swapped, torch.stack(by_hand), 1e-12)
        yield above(f"{architecture}: median change when all is shuffled", 1e-4, float(found.shuffled.median()))


@quick
def only_the_last_two() -> Iterator[Finding]:
    """A linear net with R nilpotent, R² = 0, hears the last two steps: only the swap that moves one of them is felt."""
    network = _network("elman", activation="linear")
    R = torch.zeros(4, 4)
    R[1, 0] = 1
    with torch.no_grad():
        network.cells[0].R.copy_(R)
    x = torch.randn(B, T, INPUTS, dtype=torch.float64)
    found = rc.order_sensitivity(network, rc.Batch(x, torch.zeros(B, T, 2)))
    yield equal("largest change of any other swap", 0.0, float(found.swapped[:-1].max()))
    yield above("least change of the swap next to the answer", 1e-6, float(found.swapped[-1].min()))


def _network(architecture: str, **settings: str) -> torch.nn.Module:
    """A fresh network with three inputs, four units and three outputs, in float64."""
    spec = rc.Experiment.of(architecture, "delayed_recall", symbols=2, hidden_size=4, **settings)
    return spec.make_network().double()
