"""What the loss says to each state: its size at every step, and unit by unit, on one fixed logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_core.records.trees import paths

from .numbers import example

RANGE = (1e-8, 10.0)
KEY = {"title": "size of the gradient, fixed log scale", "scale": "grad", "ends": ["1e−8", "1e−4", "10"]}


def read_costates(costates, network_trace, row: int) -> dict[str, np.ndarray]:
    """|∂L/∂s_t| of one example by the state's name, "0.h" (t, n); NaN where the sequence is padding.

    Raises ValueError when the costates are of another number of passes than the trace.
    """
    if len(costates.passes) != len(network_trace.passes):
        raise ValueError(
            f"The costates are of {len(costates.passes)} passes, the trace is of {len(network_trace.passes)}."
        )
    found = {}
    for index, (tree, trace) in enumerate(zip(costates.passes, network_trace.passes, strict=True)):
        for name, tensor in paths(tree):
            if tensor.is_floating_point():
                sizes = np.abs(example(tensor, row))
                if trace.mask is not None:
                    sizes[~trace.mask[row].cpu().numpy().astype(bool)] = np.nan
                found[f"{index}.{name or 's'}"] = sizes
    return found


def backward_arrays(sizes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """"∂0.h" (1, t, n), the sizes unit by unit, and "‖∂0.h‖" (1, t, 1), the norm over all units."""
    norms = {f"‖∂{name}‖": _norm(one)[None] for name, one in sizes.items()}
    return norms | {f"∂{name}": one[None] for name, one in sizes.items()}


def _norm(sizes: np.ndarray) -> np.ndarray:
    """(t, n) → (t, 1), in float32 even where squares would leave it."""
    norm = np.linalg.norm(sizes.astype(np.float64), axis=1, keepdims=True)
    return norm.clip(max=float(np.finfo(np.float32).max)).astype(np.float32)


def backward_rows(top: Mapping, sizes: Mapping[str, np.ndarray], tones: Mapping[str, str]) -> list[dict]:
    """Rows that belong to a layer's heatmap `top`: the norm of its state's gradient, with other states' over it, and
    each unit's; none when nothing is known of that state. tones: by name, the other states of the layer."""
    name = top["array"]
    if name not in sizes:
        return []
    label = {"symbol": f"∂L/∂{top['symbol']}", "sub": top["sub"], "tone": "gradient", "log": True}
    label |= {"range": list(RANGE), "of": name}
    others = [
        {"array": f"‖∂{other}‖", "tone": tone, "symbol": other.rpartition(".")[2]}
        for other, tone in tones.items()
        if other in sizes
    ]
    norm = {"kind": "line", "array": f"‖∂{name}‖", **label, "title": "gradient", "short": "", "over": others}
    if len(top["order"]) < 2:
        return [norm]
    units = {"kind": "heatmap", "array": f"∂{name}", **label, "symbol": "", "sub": "", "title": "unit by unit"}
    shared = {"order": top["order"], "twin": name, "plain": True, "slim": True}
    return [norm, units | {"short": "", "scale": "grad"} | shared]
