"""A population as the analyses see it: its chromosomes, how well each does, and where they came from."""
from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Population(NamedTuple):
    """What a rule that keeps many networks knows after its last generation, the best network first.

    ``genes`` (p, P) and ``losses`` (p,); ``names`` and ``sizes`` of the weights that the genes are, in order.
    ``spread`` (g, 4) tells of some generations their number and the best, median and worst loss. For the last
    generations, the newest last: ``parents`` (g, p, 2), the places that each network's parents had in the generation
    before, −1 where it had none; ``past`` (g, p), the losses; ``words``, what is to be said of each network, or "".
    ``generation`` counts them, ``rule`` is the rule's title.
    """

    rule: str
    generation: int
    genes: Tensor
    losses: Tensor
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    spread: Tensor
    parents: Tensor
    past: Tensor
    words: tuple[tuple[str, ...], ...]
