"""Which finite automaton is inside the network?

    cluster tanh s_t,   δ(q, x) = where most states of cluster q go with symbol x,   merge what no string tells apart

The number of clusters grows until the automaton answers as the network does. Giles et al., *Learning and extracting
finite state automata with second-order recurrent neural networks*, 1992; Omlin & Giles, *Extraction of rules from
discrete-time recurrent neural networks*, 1996.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.analysis.memory_span import existing
from rnn_core.records import Batch, Card, Result
from rnn_core.records.automaton import Automaton
from rnn_core.records.trees import paths, tmap

CARD = Card(title="Automaton inside the network", row="D13", year=1996,
            reference="Omlin & Giles, Extraction of rules from discrete-time recurrent neural networks, 1996",
            summary="The network's states, gathered into clusters and read as the states of a finite automaton.",
            equations={"δ": "δ(q, x) = where most states of cluster q go with symbol x"}, symbols={"δ": "hidden"})
MOST, POINTS = 24, 3000


@dataclass(frozen=True, eq=False)
class Extracted(Result):
    """``found``: the smallest automaton that does what ``clusters`` clusters do; None where nothing can be read.

    ``agreement`` is the share of steps at which it answers as the network does, ``right`` the share of the steps that
    count at which it answers rightly. ``same`` says whether it is the smallest automaton of the task's own language,
    None where the task names none, and ``smallest`` how many states that has. ``points`` (b, t + 1, 2) are the
    network's states along two principal components, the one before the first step in front, NaN where no step is;
    ``states`` (b, t + 1) the automaton's, −1 there. ``symbols`` name what is read, ``answers`` say what each of
    the automaton's states answers, and ``why`` tells why nothing was found.
    """

    found: Automaton | None
    clusters: int
    agreement: float
    right: float
    same: bool | None
    smallest: int
    points: Tensor
    states: Tensor
    symbols: tuple[str, ...]
    answers: tuple[str, ...]
    why: str = field(default="")

    def frame(self) -> pd.DataFrame:
        """One row a state of the automaton; where there is none, one row that says why."""
        if self.found is None:
            return pd.DataFrame({"state": [None], "answer": [self.why]})
        table = {"state": range(self.found.states), "answer": self.answers}
        moves = {f"after {name}": self.found.moves[:, k].tolist() for k, name in enumerate(self.symbols)}
        return pd.DataFrame(table | moves)

    @property
    def says(self) -> str:
        if self.found is None:
            return f"there is no automaton to read here: {self.why}."
        task = {None: "", True: " It is the smallest automaton of the task's language.",
                False: f" The smallest automaton of the task's language has {self.smallest} and is another."}[self.same]
        fall, do = (f"{n} {word}{'s' * (n != 1)}"
                    for n, word in ((self.clusters, "cluster"), (self.found.states, "state")))
        return (f"the states fall into {fall}, which do what an automaton of {do} does; it answers as the network does "
                f"at {self.agreement:.1%} of the steps, and rightly at {self.right:.1%} of those that count.{task}")

    @property
    def says_not(self) -> str:
        return ("that the network is this automaton: states between the clusters, or strings that were not tried, may "
                "lead elsewhere, most of all long ones.")


class Seen(NamedTuple):
    """What the network did with some strings.

    ``points`` (b, t + 1, s): its states, squeezed, the one before the first step in front; ``there`` (b, t) which steps
    exist; ``symbols`` (b, t) which of so many ``inputs`` it read, −1 where nothing; ``said`` (b, t) which of its
    different answers ``kinds`` it gave; ``ask(places, symbol)`` the states (q, s) one symbol after those at places
    (q, 2).
    """

    points: Tensor
    there: Tensor
    symbols: Tensor
    said: Tensor
    kinds: Tensor
    inputs: int
    ask: Callable[[Tensor, int], Tensor]

    @property
    def visited(self) -> Tensor:
        """(b, t + 1) true for states before the first step and after steps that exist."""
        return torch.cat([torch.ones_like(self.there[:, :1]), self.there], 1)


@torch.no_grad()
def automaton(network: Any, batch: Batch, task: Any, *, most: int = MOST) -> Extracted:
    """The automaton of the first pass's states, of as few clusters, at most ``most``, as answer like the network.

    Inputs must be symbols, one of k at each step. What would be answered before the first symbol is never asked; what
    makes the automaton smallest is taken. Raises ValueError, in one sentence, for fewer than two clusters.
    """
    if most < 2:
        raise ValueError("At least two clusters are needed.")
    batch = batch.to("cpu")
    seen = _look(network, batch)
    b, t = batch.target.shape[:2]
    if isinstance(seen, str):
        nowhere = torch.full((b, t + 1, 2), torch.nan)
        return Extracted(None, 0, 0.0, 0.0, None, 0, nowhere, torch.full((b, t + 1), -1), (), (), seen)
    found, clusters, agreement = None, 0, -1.0
    for count in range(2, max(2, min(most, len(_distinct(seen)))) + 1):
        one = _read(seen, count)
        share = float((one.answers[one.run(seen.symbols)] == seen.said)[seen.there].double().mean())
        if share > agreement:
            found, clusters, agreement = one, count, share
        if share == 1:
            break
    states = torch.cat([torch.zeros(b, 1, dtype=torch.long), found.run(seen.symbols)], 1)
    states = torch.where(seen.visited, states, -1)
    found = found._replace(answers=seen.kinds[found.answers])
    given = found.answers[states[:, 1:]] == (batch.target > 0.5 if found.answers.dim() > 1 else batch.target)
    right = float(given.reshape(b, t, -1).all(-1)[batch.counted].double().mean())
    own = getattr(task, "automaton", None)
    return Extracted(found, clusters, agreement, right, None if own is None else found.equals(own),
                     0 if own is None else own.minimal().states, _flat(seen), states,
                     _names(getattr(task, "alphabet", None), batch.x.shape[-1]),
                     tuple(_sentence(k, task) for k in found.answers))


def _look(network: Any, batch: Batch) -> Seen | str:
    """What the network does with these strings, or why no automaton can be read from it."""
    like = next(network.parameters())
    run = network.trace(batch.x.to(like), mask=None if batch.mask is None else batch.mask.to(like.device))
    trace, there, y = run.main, existing(run.main).cpu(), run.outputs.cpu()
    tree = tmap(lambda e, s: torch.cat([e[:, :1], s], 1), trace.entering, trace.states)
    points = _vector(tree)
    x = batch.x[there]
    if not bool(((x == 0) | (x == 1)).all() and (x.sum(-1) == 1).all()):
        return "what is read are numbers, not symbols"
    if not (points.isfinite().all() and y[there].isfinite().all()):
        return "the network has left the finite numbers"
    answers = y > 0.5 if batch.target.is_floating_point() else y.argmax(-1)
    kinds, said = answers[there].unique(dim=0, return_inverse=True)

    def ask(places: Tensor, symbol: int) -> Tensor:
        state = tmap(lambda v: v[places[:, 0], places[:, 1]], tree)
        heard = one_hot(torch.full((len(places),), symbol), x.shape[-1]).to(like)
        return _vector(trace.cell.step(heard, state)[1], 1)

    return Seen(points, there, torch.where(there, batch.x.argmax(-1), -1),
                torch.full(there.shape, -1).masked_scatter(there, said), kinds, x.shape[-1], ask)


def _vector(tree: Any, batch_dims: int = 2) -> Tensor:
    """A state's real numbers in a row, (…, s), squeezed so that a cell that counts does not outweigh the others."""
    return torch.cat([v.flatten(batch_dims).double().tanh().cpu() for _, v in paths(tree) if v.is_floating_point()], -1)


def _distinct(seen: Seen) -> np.ndarray:
    """(p, s) the different states, to six digits; of very many an even choice."""
    states = np.unique(seen.points[seen.visited].numpy().round(6), axis=0)
    return states[np.unique(np.linspace(0, len(states) - 1, POINTS).astype(int))]


def _read(seen: Seen, count: int) -> Automaton:
    """The smallest automaton that does what so many clusters do; a move that was not seen is asked of the network."""
    from sklearn.cluster import KMeans

    model = KMeans(count, n_init=3, random_state=0).fit(_distinct(seen))
    b, late = seen.visited.shape
    of = torch.from_numpy(model.predict(seen.points.flatten(0, 1).numpy())).long().view(b, late)
    before, after, symbol = (v[seen.there] for v in (of[:, :-1], of[:, 1:], seen.symbols))
    moved = torch.zeros(count, seen.inputs, count).index_put_((before, symbol, after), torch.ones(()), accumulate=True)
    middle = torch.cdist(torch.from_numpy(model.cluster_centers_), seen.points[seen.visited]).argmin(1)
    places = seen.visited.nonzero()[middle]
    asked = [torch.from_numpy(model.predict(seen.ask(places, k).numpy())).long() for k in range(seen.inputs)]
    moves = torch.where(moved.any(-1), moved.argmax(-1), torch.stack(asked, 1))
    spoken = torch.zeros(count, len(seen.kinds)).index_put_((after, seen.said[seen.there]), torch.ones(()),
                                                            accumulate=True)
    start, answers = int(of[0, 0]), spoken.argmax(-1)
    order = torch.tensor([start, *(q for q in range(count) if q != start)])
    read = Automaton(order.argsort()[moves[order]], answers[order])
    again = read.run(seen.symbols)[seen.there].eq(0).any()
    options = [read._replace(answers=torch.cat([torch.tensor([kind]), read.answers[1:]])).minimal()
               for kind in ([int(answers[start])] if again else range(len(seen.kinds)))]
    return min(options, key=lambda one: one.states)


def _flat(seen: Seen) -> Tensor:
    """(b, t + 1, 2) the states along their first two principal components, NaN where no step is."""
    states = seen.points[seen.visited]
    centred = states - states.mean(0)
    _, _, rows = torch.linalg.svd(centred, full_matrices=False)
    flat = torch.full((*seen.visited.shape, 2), torch.nan, dtype=torch.float64)
    shown = torch.zeros(len(states), 2, dtype=torch.float64)
    shown[:, :len(rows[:2])] = centred @ rows[:2].T
    flat[seen.visited] = shown
    return flat


def _names(given: Sequence[str] | None, count: int) -> tuple[str, ...]:
    """The names of so many things, or their numbers."""
    return tuple(given) if given is not None and len(given) == count else tuple(str(k) for k in range(count))


def _sentence(answer: Tensor, task: Any) -> str:
    """What is answered: a class, or the symbols that may follow."""
    if answer.dim() == 0:
        return _names(task.words, task.output_size)[int(answer)]
    names = _names(getattr(task, "alphabet", None), len(answer))
    return " or ".join(names[k] for k in answer.nonzero().flatten()) or "nothing"
