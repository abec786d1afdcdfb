"""The numbers of one example, read out of traces and stored as small as honesty allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rnn_core.records.trees import paths

from .pack import Quantised, quantise

BUDGET = 2 << 20
PLAIN = 1 << 18


def example(tensor, row: int) -> np.ndarray:
    """One example (t, n) of a (b, t, …) tensor, trailing axes flattened, float32."""
    values = tensor[row].detach().cpu().numpy().astype(np.float32)
    return values.reshape(len(values), -1)


def entering(name: str) -> str:
    """The stored name of a state as it enters the step: "0.h" gives "0.<h", "0.1.h" gives "0.<1.h"."""
    index, _, rest = name.partition(".")
    return f"{index}.<{rest}"


def read_trace(network_trace, row: int) -> dict[str, np.ndarray]:
    """Every number of one example, each (t, n): "0.h" (pass 0, after the step), "0.<h" (as it enters), "0.f" and "y".

    Masked steps of states are NaN, like those of probes: padding is not drawn.
    """
    found: dict[str, np.ndarray] = {}
    for index, trace in enumerate(network_trace.passes):
        padding = None if trace.mask is None else ~trace.mask[row].cpu().numpy().astype(bool)
        trees = ((f"{index}.", trace.probes), (f"{index}.", trace.states), (f"{index}.<", trace.entering))
        for prefix, tree in trees:
            for name, tensor in paths(tree):
                values = example(tensor, row)
                if padding is not None and padding.any():
                    values = values.copy()
                    values[padding] = np.nan
                found[prefix + (name or "s")] = values
    found["y"] = example(network_trace.outputs, row)
    if padding is not None and len(padding) == len(found["y"]):
        found["y"] = np.where(padding[:, None], np.float32(np.nan), found["y"])
    return found


def fitting(moments: int, chosen: int, size: int, budget: int = BUDGET) -> list[int]:
    """Which of so many moments fit, when each needs `size` bytes at least: all, or as many as can be, evenly picked.

    The first, the last and the chosen one are always among them.
    """
    most = max(2, budget // max(size, 1))
    if moments <= most:
        return list(range(moments))
    return sorted({round(k * (moments - 1) / (most - 1)) for k in range(most)} | {chosen})


def tape(
    moments: Sequence[Mapping[str, np.ndarray]], first: set[str], budget: int = BUDGET, chosen: int = -1
) -> dict[str, np.ndarray | Quantised]:
    """Stack the moments of each quantity to (m, t, n) within a budget of bytes.

    All as float32 if these are few (`PLAIN` bytes) and fit, else all as uint16, else only the quantities in `first`
    over all moments (uint16, at worst uint8) and the rest for the chosen moment alone, shape (1, t, n).
    """
    last = moments[chosen]
    size = len(moments) * sum(values.size for values in last.values())
    if 4 * size <= min(budget, PLAIN) or len(moments) == 1:
        return {name: np.stack([moment[name] for moment in moments]) for name in last}
    if 2 * size <= budget:
        return {name: _levels(moments, name, "uint16") for name in last}
    small = "uint16" if 2 * len(moments) * sum(last[name].size for name in first) <= budget else "uint8"
    return {name: _levels(moments, name, small) if name in first else last[name][None] for name in last}


def bounds(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest finite value; (0, 0) when there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _levels(moments: Sequence[Mapping[str, np.ndarray]], name: str, dtype: str) -> Quantised:
    values = np.stack([moment[name] for moment in moments])
    low, high = bounds(values)
    return quantise(np.where(np.isinf(values), np.nan, values), low, high if high > low else low + 1, dtype)
