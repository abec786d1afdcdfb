"""How much of the error reaches each layer of a stack?

    ‖λ^l‖ = (Σ_t ‖∂L/∂h^l_t‖²)^{1/2}

λ^l_t is the costate of layer l: the derivative of a sequence's loss with respect to the state of that layer as it
enters a step. On its way down the error passes layer after layer; beside a shortcut it also passes unchanged.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from rnn_core.analysis.costates import costates
from rnn_core.records import Batch, Card, Result
from rnn_core.records.trees import paths

CARD = Card(title="Gradients by layer", row="A5", year=1991,
            reference="Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, 1991; He et al., 2016",
            summary="The size of the error signal in every layer of a stack, all steps of a sequence together.",
            equations={"λ": "‖λ^l‖ = (Σ_t ‖∂L/∂h^l_t‖²)^{1/2}"}, symbols={"λ": "gradient"})


@dataclass(frozen=True, eq=False)
class LayerGradients(Result):
    """``norms`` (b, l): the size of the error signal in each layer, the lowest first; ``name`` tells which network."""

    norms: Tensor
    name: str = "h"

    def frame(self) -> pd.DataFrame:
        """One row a sequence and layer; layers are counted from 1."""
        b, layers = self.norms.shape
        return pd.DataFrame({"sequence": torch.arange(b).repeat_interleave(layers),
                             "layer": torch.arange(1, layers + 1).repeat(b), "norm": self.norms.flatten().cpu()})

    @property
    def median(self) -> Tensor:
        """(l,) median over the sequences."""
        return self.norms.nanmedian(0).values

    @property
    def says(self) -> str:
        if not bool(self.norms.isfinite().all()):
            return "there is no error signal to measure here: this network has left the finite numbers."
        low, top = float(self.median[0]), float(self.median[-1])
        if len(self.median) == 1:
            return f"this network has a single layer, and on these sequences it hears the error at {top:.1e}."
        heard = f"{low / top:.2g} times as loud as" if top else "as silent as"
        return (f"on these sequences the top one of {len(self.median)} layers hears the error at {top:.1e}, the lowest "
                f"at {low:.1e}, {heard} the top.")

    @property
    def says_not(self) -> str:
        return ("that a layer which hears more learns more: Adam rescales what it is given, and a fresh network's "
                "gradients tell of its start only.")


def layer_gradients(network: Any, batch: Batch, loss: Callable[[Tensor, Batch], Tensor],
                    which: int = 0) -> LayerGradients:
    """Norms of the costates of one pass (``which``), layer by layer, all fields of a layer's state together."""
    found = costates(network, batch, loss)
    layers: dict[str, list[Tensor]] = {}
    for name, v in paths(found.passes[which]):
        layer = name.rpartition(".")[0]
        if v.is_floating_point():
            layers.setdefault(layer if layer[-1:].isdigit() else "", []).append(v.flatten(1))
    parts = [v for k, v in layers.items() if k] or list(layers.values())
    norms = torch.stack([torch.cat(v, -1).norm(dim=-1) for v in parts], -1)
    return LayerGradients(norms, found.trace.passes[which].name)
