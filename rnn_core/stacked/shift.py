"""A cell's own code on the weights of several models at once: every tensor has one more axis, the model's, in front.

Inside ``Shifted()`` the code of a cell that was written for (b, n) runs on (k, b, n): elementwise functions as they
are, products of matrices as batches of products, named axes moved by one. What is not known here raises Unknown, and
another road is taken. torch.vmap does the same for every function, at up to twice the price a step.
"""
from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

ELEMENTWISE = frozenset("""sigmoid relu exp sqrt square abs neg sub rsub add mul div where lerp addcmul clamp clone
    isnan nan_to_num maximum minimum sin cos softplus full_like zeros_like ones_like logical_and logical_or logical_not
    lt le gt ge eq ne __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __neg__ __pow__ pow""".split())


SHAPE = Tensor.shape.__get__


class Unknown(NotImplementedError):
    """A function that is not known to do the same with one more axis in front."""


class Shifted(TorchFunctionMode):
    """Within it, every function of torch takes the first axis of each tensor, the model's, as not being there."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        name, options = getattr(func, "__name__", ""), kwargs or {}
        if name in ELEMENTWISE:
            most = max((v.dim() for v in (*args, *options.values()) if isinstance(v, Tensor)), default=0)
            return func(*(_lift(v, most) for v in args), **{k: _lift(v, most) for k, v in options.items()})
        if func == SHAPE:
            return args[0].shape[1:]
        special = SPECIAL.get(name)
        if special is None:
            raise Unknown(f"torch's {name or func} is not known on stacked weights")
        return special(*args, **options)


def _lift(value: Any, most: int) -> Any:
    """(k, …) → (k, 1, …) with ``most`` axes, so that it spreads over what has more of them."""
    if not isinstance(value, Tensor) or value.dim() in (0, most):
        return value
    return value.reshape(value.shape[0], *[1] * (most - value.dim()), *value.shape[1:])


def _matrices(*values: Tensor) -> None:
    if any(v.dim() != 3 for v in values):
        raise Unknown("a product with a vector is not known on stacked weights")


def _addmm(added: Tensor, left: Tensor, right: Tensor) -> Tensor:
    _matrices(left, right)
    return torch.baddbmm(_lift(added, 3), left, right)


def _matmul(left: Tensor, right: Tensor) -> Tensor:
    _matrices(left, right)
    return torch.bmm(left, right)


def _linear(x: Tensor, W: Tensor, b: Tensor | None = None) -> Tensor:
    _matrices(W)
    flat, added = x.flatten(1, -2), None if b is None else b.unsqueeze(1)                       # (k, …, i), (k, 1, n)
    if flat.shape[-1] == 1:                                  # a batch of products as such has a price of its own
        out = flat * W.mT if added is None else torch.addcmul(added, flat, W.mT)
    else:
        out = torch.bmm(flat, W.mT) if added is None else torch.baddbmm(added, flat, W.mT)
    return out.unflatten(1, x.shape[1:-1])


def _tanh(x: Tensor) -> Tensor:
    """2 σ(2x) − 1, the same up to rounding at a third of the price."""
    return torch.sigmoid(x + x).mul(2).sub(1)


def _t(matrix: Tensor) -> Tensor:
    _matrices(matrix)
    return matrix.mT


def _axis(dim: int) -> int:
    return dim + 1 if dim >= 0 else dim


def _softmax(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    return x.softmax(_axis(dim), dtype=dtype)


SPECIAL = {
    "addmm": _addmm, "mm": _matmul, "matmul": _matmul, "__matmul__": _matmul, "linear": _linear, "t": _t,
    "softmax": _softmax, "tanh": _tanh,
    "chunk": lambda x, chunks, dim=0: x.chunk(chunks, _axis(dim)),
    "split": lambda x, sizes, dim=0: x.split(sizes, _axis(dim)),
    "cat": lambda parts, dim=0: torch.cat(parts, _axis(dim)),
}
