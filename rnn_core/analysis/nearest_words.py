"""Which words does a vector lie nearest to?

    cos(h, V_k) = h · V_k / (‖h‖ ‖V_k‖)

A network that speaks in vectors is decoded by looking for the nearest rows of a table: an embedding's, or the readout's
own. The readout compares V_k · h + d_k instead, where the lengths of the rows and d count too. Mikolov, Yih & Zweig,
*Linguistic regularities in continuous space word representations*, 2013; Fix & Hodges 1951.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.records import Batch, Card, Result

CARD = Card(title="Nearest words", row="B20", year=2013,
            reference="Mikolov, Yih & Zweig, Linguistic regularities in continuous space word representations, 2013",
            summary="An output vector decoded by the nearest rows of a table, beside what the readout itself says.",
            equations={"cos": "cos(h, V_k) = h · V_k / (‖h‖ ‖V_k‖)"}, symbols={"h": "hidden"})
MOST = 200


@dataclass(frozen=True, eq=False)
class NearestWords(Result):
    """``nearest`` and ``distance`` (q, k): the rows of the table nearest to each vector, nearest first.

    ``words`` name the rows, ``places`` (q, 2) are the sequence and the step of each vector, ``said`` (q,) is what the
    network answered there. Distances are 1 − cos, from 0 to 2. There is no vector where none is finite.
    """

    words: tuple[str, ...]
    nearest: Tensor
    distance: Tensor
    places: Tensor
    said: Tensor

    @property
    def agree(self) -> float:
        """The share of the vectors whose nearest row is also the network's answer."""
        return float((self.nearest[:, 0] == self.said).double().mean()) if len(self.said) else 0.0

    def frame(self) -> pd.DataFrame:
        """One row a vector and neighbour; where there is no vector, one row that says so."""
        if not len(self.said):
            return pd.DataFrame({"sequence": [None], "t": [None], "rank": [None], "word": ["no finite vector"]})
        many = self.nearest.shape[1]
        rows = [(int(b), int(t), k + 1, self.words[int(self.nearest[q, k])], float(self.distance[q, k]),
                 self.words[int(self.said[q])]) for q, (b, t) in enumerate(self.places) for k in range(many)]
        return pd.DataFrame(rows, columns=["sequence", "t", "rank", "word", "1 − cos", "the network said"])

    @property
    def says(self) -> str:
        if not len(self.said):
            return "there is no finite vector to decode here."
        if len(self.words) == 1:
            return "the table has a single row, so every vector is nearest to it."
        return (f"of {len(self.said)} answers, the nearest of {len(self.words)} rows is what the network says in "
                f"{self.agree:.0%}; the median distance to it is {float(self.distance[:, 0].median()):.2f}.")

    @property
    def says_not(self) -> str:
        return ("that the nearest row is the right one, or that near rows mean alike: the network was trained to make "
                "scores, and those weigh the rows' lengths and the bias too.")


def nearest_words(network: Any, batch: Batch, task: Any, *, k: int = 3, table: Tensor | None = None) -> NearestWords:
    """The ``k`` rows nearest to what the readout hears, at the first 200 steps that count.

    The table (o, n) is the readout's V unless another is given; a network that speaks for itself is compared with the
    corners of its output space. Raises ValueError, in one sentence, for fewer than one neighbour or a table that does
    not fit.
    """
    if k < 1:
        raise ValueError("At least one neighbour is asked for.")
    vectors, y = _heard(network, batch)
    places = batch.counted.nonzero()[:MOST]
    h, y = (v[places[:, 0], places[:, 1]].double().cpu() for v in (vectors, y))
    own = getattr(network.readout, "V", None)
    rows = table if table is not None else own.detach() if own is not None else torch.eye(h.shape[1])
    if rows.dim() != 2 or rows.shape[1] != h.shape[1]:
        raise ValueError(f"The table's rows have to be {h.shape[1]} numbers long, like the vectors.")
    rows, finite = rows.double().cpu(), h.isfinite().all(1)
    h, y, places = h[finite], y[finite], places[finite.to(places.device)]
    many = min(k, len(rows))
    words = task.words if task.words is not None and len(task.words) == len(rows) else [
        f"row {j}" for j in range(len(rows))]
    if not len(h) or not rows.isfinite().all():
        none = torch.zeros(0, many)
        return NearestWords(tuple(words), none.long(), none, torch.zeros(0, 2).long(), torch.zeros(0).long())
    distance, nearest = neighbours(h, rows, many)
    return NearestWords(tuple(words), nearest, distance, places.cpu(), y.argmax(1))


def neighbours(vectors: Tensor, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Distances 1 − cos and indices, (q, k), of the k rows (o, n) nearest to each of the vectors (q, n)."""
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=k, metric="cosine", algorithm="brute").fit(rows.numpy())
    distance, index = found.kneighbors(vectors.numpy())
    return torch.from_numpy(distance), torch.from_numpy(index)


def _heard(network: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """What the readout hears (b, t, n) and what it answers (b, t, o)."""
    kept: list[Tensor] = []
    hook = network.readout.register_forward_pre_hook(lambda _, given: kept.append(given[0].detach()))
    try:
        with torch.no_grad():
            y = network.trace(batch.x, mask=batch.mask).outputs
    finally:
        hook.remove()
    return kept[-1], y
