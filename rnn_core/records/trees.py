"""Trees of tensors: states, inputs and batches may nest, and None means that there is nothing."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree


def tmap(f: Callable[..., Any], tree: Any, *rest: Any) -> Any:
    """Apply ``f`` to every tensor of a tree, and to its partners in the others."""
    if isinstance(tree, Tensor):
        return f(tree, *rest)
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {k: tmap(f, v, *(other[k] for other in rest)) for k, v in tree.items()}
    if not isinstance(tree, tuple | list):
        raise TypeError(f"A tree is made of tensors, tuples, lists and dicts, not of {type(tree).__name__}.")
    made = [tmap(f, *parts) for parts in zip(tree, *rest, strict=True)]
    return type(tree)(*made) if hasattr(tree, "_fields") else type(tree)(made)


def leaves(tree: Any) -> list[Tensor]:
    """The tensors of a tree, in order."""
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, tuple | list):
        return [v for part in tree for v in leaves(part)]
    return [] if tree is None else [tree]


def paths(tree: Any) -> list[tuple[str, Tensor]]:
    """The tensors of a tree with their names, such as ``h``, ``1.c`` or ``state.h``."""
    named = pytree.tree_flatten_with_path(tree)[0]
    return [(".".join(str(getattr(k, "name", getattr(k, "idx", getattr(k, "key", k)))) for k in path), value)
            for path, value in named if value is not None]


def numbers(state: Any) -> list[str]:
    """What each column of ``vector(state)[0]`` is called, such as ``h[0]``."""
    return [f"{name}[{k}]" for name, v in paths(state) if v.is_floating_point() for k in range(v[0].numel())]


def rows(mask: Tensor, like: Tensor) -> Tensor:
    """A mask (b,) that broadcasts over a field (b, …)."""
    return mask.reshape(-1, *[1] * (like.dim() - 1))


def hold(mask: Tensor, new: Any, old: Any) -> Any:
    """``new`` where the mask (b,) is true, ``old`` elsewhere."""
    return tmap(lambda n, o: torch.where(rows(mask, n), n, o), new, old)


def fold(tree: Any) -> Any:
    """(b, t, …) → (b·t, …): time becomes part of the batch."""
    return tmap(lambda v: v.flatten(0, 1), tree)


def unfold(tree: Any, b: int, t: int) -> Any:
    """(b·t, …) → (b, t, …)."""
    return tmap(lambda v: v.unflatten(0, (b, t)), tree)


def split(tree: Any) -> list[Any]:
    """(b, t, …) → t trees of (b, …), by ``unbind``: indexing costs a full-size zero tensor a step in its backward."""
    flat, spec = pytree.tree_flatten(tree)
    steps = len(next(v for v in flat if v is not None).unbind(1))
    columns = [[None] * steps if v is None else v.unbind(1) for v in flat]
    return [pytree.tree_unflatten(list(step), spec) for step in zip(*columns)]


def stack(trees: list[Any]) -> Any:
    """t trees of (b, …) → one of (b, t, …)."""
    return tmap(lambda *v: torch.stack(v, 1), *trees)


def flip(tree: Any) -> Any:
    """(b, t, …) with time reversed."""
    return tmap(lambda v: v.flip(1), tree)


def clean(x: Any, mask: Tensor) -> Any:
    """(b, t, …) with zeros at steps that do not exist, so that nothing written there can be felt, not even NaN."""
    return tmap(lambda v: torch.where(mask.reshape(*mask.shape, *[1] * (v.dim() - 2)), v, torch.zeros_like(v)), x)


def vector(state: Any) -> tuple[Tensor, Callable[[Tensor], Any]]:
    """The differentiable fields of a state as one (b, s) matrix, and the way back; integer fields are held aside."""
    flat, spec = pytree.tree_flatten(state)
    real = [v.is_floating_point() for v in flat]
    sizes = [v[0].numel() for v, r in zip(flat, real) if r]

    def back(matrix: Tensor) -> Any:
        parts = iter(matrix.split(sizes, 1))
        return pytree.tree_unflatten([next(parts).reshape(v.shape) if r else v for v, r in zip(flat, real)], spec)

    return torch.cat([v.flatten(1) for v, r in zip(flat, real) if r], 1), back
