"""A finite automaton: states, a table of moves, and what is answered in each state.

    q_t = δ(q_{t−1}, x_t),   a string belongs to a language where q_T ∈ F

Two strings that no continuation tells apart may share a state, so that the smallest automaton has as many states as
there are kinds of strings that some continuation tells apart. Moore, *Gedanken-experiments on sequential machines*,
1956; Nerode, 1958.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor


class Automaton(NamedTuple):
    """``moves`` (q, k): the state after each state and symbol; 0 is the start.

    ``answers`` (q,) tell whether a string that ends here belongs, or (q, o) which symbols may follow.
    """

    moves: Tensor
    answers: Tensor

    @property
    def states(self) -> int:
        """Number of states, the sink among them."""
        return len(self.moves)

    def run(self, symbols: Tensor) -> Tensor:
        """Symbols (b, t) → the state after each, (b, t); a negative symbol changes nothing."""
        state, after = symbols.new_zeros(len(symbols)), []
        for symbol in symbols.unbind(1):
            state = torch.where(symbol < 0, state, self.moves[state, symbol.clamp(min=0)])
            after.append(state)
        return torch.stack(after, 1) if after else symbols

    def draw(self, count: int, lengths: Iterable[int], ends: Tensor, generator: torch.Generator) -> Tensor:
        """Strings (b, t) of symbols, −1 after their end, that lead to a state of ``ends`` (q,), of these lengths.

        Every length that there is comes equally often, and so does every string of a length.
        """
        lengths = list(lengths)
        shares = [ends.double()]                              # of all strings of a length, those that lead there: (q,)
        for _ in range(max(lengths)):
            shares.append(shares[-1][self.moves].mean(1))
        share = torch.stack(shares)                                                        # (t + 1, q)
        possible = torch.tensor([length for length in lengths if share[length, 0] > 0])
        length = possible[torch.randint(0, len(possible), (count,), generator=generator)]
        luck = torch.rand(count, max(lengths), generator=generator, dtype=torch.float64)
        state, said = torch.zeros(count, dtype=torch.long), []
        for t, chance in enumerate(luck.T):
            part = share[(length - t - 1).clamp(min=0).unsqueeze(1), self.moves[state]].cumsum(1)     # (b, k)
            symbol = (chance.unsqueeze(1) * part[:, -1:] >= part).sum(1).clamp(max=part.shape[1] - 1)
            state = self.moves[state, symbol]
            said.append(torch.where(t < length, symbol, -1))
        return torch.stack(said, 1)

    def minimal(self) -> Automaton:
        """The smallest automaton of the same language, its states in the order in which a broad search meets them.

        States are told apart by what they accept, then by the kinds of state that they lead to, until no kind splits.
        """
        met = self._met()
        _, kind = self.answers[met].unique(dim=0, return_inverse=True)
        place = torch.full((self.states,), -1).index_put((met,), torch.arange(len(met)))
        moves = place[self.moves[met]]                                                     # (q, k)
        while True:
            _, finer = torch.cat([kind.unsqueeze(1), kind[moves]], 1).unique(dim=0, return_inverse=True)
            if int(finer.max()) == int(kind.max()):
                break
            kind = finer
        order = _first(kind)
        rank = torch.empty_like(order).index_put((kind[order],), torch.arange(len(order)))
        return Automaton(rank[kind[moves[order]]], self.answers[met][order])

    def equals(self, other: Automaton) -> bool:
        """Whether both answer alike after every string."""
        one, two = self.minimal(), other.minimal()
        return all(a.shape == b.shape and bool((a == b).all()) for a, b in zip(one, two, strict=True))

    def _met(self) -> Tensor:
        """The states that some string leads to, in the order of a broad search."""
        met = [0]
        for state in met:
            met += [k for k in dict.fromkeys(self.moves[state].tolist()) if k not in met]
        return torch.tensor(met)


def _first(kind: Tensor) -> Tensor:
    """(k,) where each kind stands first, in that order."""
    seen = dict.fromkeys(kind.tolist())
    return torch.tensor([kind.tolist().index(k) for k in seen])
