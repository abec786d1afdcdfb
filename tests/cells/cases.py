"""What the contract is held against: cells under every choice of their settings, random inputs, masks."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from rnn_core.cells.base import Cell
from rnn_core.networks.stack import Stack
from rnn_core.records import Settings, describe_settings
from rnn_core.records.trees import leaves, tmap
from rnn_core.unroll import unroll

B, T, H = 5, 7, 6
INPUTS, OUTPUTS = 4, 3
CLOSE = {"rtol": 0.0, "atol": 1e-12}


@dataclass(frozen=True)
class Case:
    """One class of cells under one choice of settings; with ``layers`` above 1, a stack of them."""

    cls: type[Cell]
    settings: Settings
    layers: int = 1
    residual: bool = False

    def __str__(self) -> str:
        chosen = [str(v) for v in self.settings.model_dump().values() if isinstance(v, str | bool)]
        stack = [f"{self.layers} layers{' residual' * self.residual}"] if self.layers > 1 else []
        return "-".join([self.cls.__module__.rsplit(".", 1)[-1], *chosen, *stack])

    def cell(self, seed: int = 0, dtype: torch.dtype = torch.float64, fresh: bool = False) -> Cell:
        """The cell with fresh weights; unless ``fresh``, zeros among them are made random, so that none goes unfelt."""
        one = self.cls(INPUTS, self.settings, OUTPUTS)
        if self.layers > 1:
            more = [self.cls(one.output_size, self.settings, OUTPUTS) for _ in range(self.layers - 1)]
            one = Stack([one, *more], self.residual)
        stream = torch.Generator().manual_seed(seed)
        one.initialise(stream)
        with torch.no_grad():
            for p in one.parameters():
                if not fresh and not p.any():
                    p.copy_(torch.randn(p.shape, generator=stream) / 2)
        return one.to(dtype)

    def x(self, cell: Cell, b: int = B, t: int = T, seed: int = 1) -> Any:
        """A random input of b sequences with t steps."""
        return cell.draw(b, t, torch.Generator().manual_seed(seed))

    def state(self, cell: Cell, b: int = B) -> Any:
        """A state that the cell can really be in: where three random steps have led it."""
        with torch.no_grad():
            return unroll(cell, self.x(cell, b, 3, seed=2)).final


def variants(cls: type[Cell]) -> list[Case]:
    """A case for every combination of the class's choices and flags, small where it has a size."""
    infos = describe_settings(cls.Settings)
    options = {i.name: i.choices or (False, True) for i in infos if i.kind in ("choice", "flag")}
    size = {"hidden_size": H} if any(i.name == "hidden_size" for i in infos) else {}
    return [Case(cls, cls.Settings(**size, **dict(zip(options, chosen, strict=True))))
            for chosen in itertools.product(*options.values())]


def same(left: Any, right: Any, **tolerance: float) -> None:
    """Assert that two trees of tensors agree, to 1e-12 unless told otherwise; NaN equals NaN."""
    a, b = leaves(left), leaves(right)
    for v, w in zip(a, b, strict=True):
        torch.testing.assert_close(v, w, equal_nan=True, **({**CLOSE, **tolerance} if v.is_floating_point() else {}))


def identical(left: Any, right: Any) -> None:
    """Assert that two trees of tensors agree bit for bit."""
    same(left, right, atol=0.0)


def at(tree: Any, t: int) -> Any:
    """(b, t, …) → (b, …) at step t."""
    return tmap(lambda v: v[:, t], tree)


def cut(tree: Any, row: int, steps: slice = slice(None)) -> Any:
    """(b, t, …) → (1, t', …)."""
    return tmap(lambda v: v[row:row + 1, steps], tree)


def one(tree: Any, row: int) -> Any:
    """(b, …) → (1, …)."""
    return tmap(lambda v: v[row:row + 1], tree)


def noise_like(v: Tensor, seed: int) -> Tensor:
    """Random numbers in the shape of v."""
    return torch.randn(v.shape, generator=torch.Generator().manual_seed(seed), dtype=v.dtype)


def measured(outputs: Tensor, final: Any) -> Tensor:
    """A scalar that hears every output and every number of the final state."""
    real = [outputs, *(v for v in leaves(final) if v.is_floating_point())]
    return sum((v * noise_like(v, k)).sum() for k, v in enumerate(real))


def gradients(cell: Cell, outputs: Tensor, final: Any) -> dict[str, Tensor]:
    """Gradient of ``measured`` with respect to every parameter; empty for a cell that has none."""
    names, values = zip(*cell.named_parameters(), strict=True) if list(cell.parameters()) else ((), ())
    return dict(zip(names, torch.autograd.grad(measured(outputs, final), values) if values else (), strict=True))


def tail_mask(t: int = T) -> Tensor:
    """(b, t) lengths t, 1, 4, t − 1 and 3."""
    return torch.arange(t) < torch.tensor([t, 1, 4, t - 1, 3]).unsqueeze(1)


def holed_mask() -> Tensor:
    """(b, t) steps missing anywhere, and one row without any step."""
    mask = torch.rand(B, T, generator=torch.Generator().manual_seed(3)) < 0.6
    mask[2] = False
    return mask


def spoil(x: Any, mask: Tensor) -> Any:
    """x with NaN, or an absurd integer, at steps that do not exist."""
    def worst(v: Tensor) -> Tensor:
        bad = torch.full_like(v, math.nan if v.is_floating_point() else -999)
        return torch.where(mask.reshape(*mask.shape, *[1] * (v.dim() - 2)), v, bad)
    return tmap(worst, x)


def one_sentence(text: str) -> None:
    """Assert that a message is one sentence that can be shown to anybody."""
    assert text and text.isprintable() and len(text) < 250
    assert text.endswith(".") and "\n" not in text
    for word in ("Traceback", "pydantic", "Error(", "<class", "self."):
        assert word not in text
