"""Dyck languages: which bracket may come next?

    S ( ( ) ( ) ) T        S ( [ ] ( ) ) T

x_t is a bracket, S first; the target has a 1 for every symbol that may come next and a 0 for every other: an opening
bracket always may, a closing one if it matches the last that is still open, and T if none is open. With one kind of
bracket a counter is enough, with two a stack is needed. Strings rise and fall up to three times; those to learn from
are at most D deep, those held out D + 1 to 2 D. Gers & Schmidhuber 2001; Chomsky & Schützenberger, *The algebraic
theory of context-free languages*, 1963.
"""
from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Batch, Card, Settings, setting
from rnn_core.tasks.counting import LegalNext

PAIRS, PEAKS = {"one": "()", "two": "()[]"}, 3


class DyckSettings(Settings):
    """How many kinds of brackets, and how deep they nest."""

    brackets: Literal["one", "two"] = setting("one", "One kind of bracket, or two.", main=True)
    depth: int = setting(5, "Deepest nesting to learn from; held-out strings are up to twice as deep.", symbol="D",
                         ge=1, le=50, main=True)


class Dyck(LegalNext):
    """Dyck languages: say after each bracket which may come next."""

    card = Card(title="Matching brackets", row="C22", year=1963,
                reference="Chomsky & Schützenberger, The algebraic theory of context-free languages, 1963",
                summary="Brackets of one kind or two; after each, the net must say which symbols may follow.",
                use="Does it count what is open, or even keep a stack of it, deeper than it was taught?")
    Settings = DyckSettings
    grows = "depth"

    def __init__(self, settings: DyckSettings | None = None) -> None:
        super().__init__(settings)
        self.alphabet = self.words = ("S", *PAIRS[self.settings.brackets], "T")
        self.kinds = len(PAIRS[self.settings.brackets]) // 2
        self.input_size = self.output_size = len(self.alphabet)

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.draw(batch_size, 1, self.settings.depth, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self.draw(count, self.settings.depth + 1, 2 * self.settings.depth, generator)

    def draw(self, count: int, least: int, most: int, generator: torch.Generator) -> Batch:
        """Strings whose deepest place lies between ``least`` and ``most``, each depth equally often."""
        depth = torch.randint(least, most + 1, (count, 1), generator=generator)
        luck = torch.rand(2, count, PEAKS, generator=generator)
        peaks = (luck[0] * depth).long() + 1
        valleys = (luck[1, :, 1:] * torch.minimum(peaks[:, 1:], peaks[:, :-1])).long()
        highest = torch.randint(0, PEAKS, (count, 1), generator=generator)
        peaks = peaks.scatter(1, highest, depth)
        there = torch.arange(PEAKS) < torch.maximum(highest + 1, torch.randint(1, PEAKS + 1, (count, 1),
                                                                               generator=generator))
        return self.show(self.brackets(peaks * there, valleys * there[:, 1:], generator))

    def brackets(self, peaks: Tensor, valleys: Tensor, generator: torch.Generator) -> Tensor:
        """Places in the alphabet (b, t), −1 after the end: up to each peak (b, p), down to each valley (b, p − 1)."""
        ground = torch.zeros_like(peaks[:, :1])
        turns = torch.stack([peaks, torch.cat([valleys, ground], 1)], 2).flatten(1)       # (b, 2 p)
        ends = torch.cat([ground, turns], 1).diff(dim=1).abs().cumsum(1)
        t = torch.arange(int(ends.max())).expand(len(peaks), -1).contiguous()
        rising = (torch.searchsorted(ends, t, right=True) % 2 == 0) & (t < ends[:, -1:])
        kinds = torch.randint(0, self.kinds, t.shape, generator=generator)
        height, open_, said = ground[:, 0], torch.zeros(len(peaks), int(peaks.max()), dtype=torch.long), []
        for up, kind in zip(rising.T, kinds.T):
            top = torch.where(up, height, height - 1).clamp(min=0).unsqueeze(1)
            open_ = torch.where(up.unsqueeze(1), open_.scatter(1, top, kind.unsqueeze(1)), open_)
            said.append(1 + 2 * open_.gather(1, top).squeeze(1) + (~up).long())
            height = height + torch.where(up, 1, -1)
        return torch.where(t < ends[:, -1:], torch.stack(said, 1), -1)

    def show(self, brackets: Tensor) -> Batch:
        """The batch of strings, places in the alphabet (b, t), −1 after the end."""
        places = torch.cat([torch.zeros_like(brackets[:, :1]), brackets], 1)
        there, o = places >= 0, self.output_size
        opening, closing = (places > 0) & (places % 2 == 1), (places > 0) & (places % 2 == 0)
        height = (opening.long() - closing.long()).cumsum(1)
        last, open_ = [], torch.zeros(len(places), int(height.max()) + 1, dtype=torch.long)
        for t, place in enumerate(places.T):
            at = height[:, t].unsqueeze(1)
            open_ = torch.where(opening[:, t:t + 1], open_.scatter(1, at, place.unsqueeze(1)), open_)
            last.append(torch.where(at.squeeze(1) > 0, open_.gather(1, at).squeeze(1) + 1, o - 1))
        legal = one_hot(torch.stack(last, 1), o).bool() | torch.tensor([k % 2 == 1 and k < o - 1 for k in range(o)])
        x = one_hot(places.clamp(min=0), o) * there.unsqueeze(-1)
        return Batch(x.float(), (legal & there.unsqueeze(-1)).float(), there)
