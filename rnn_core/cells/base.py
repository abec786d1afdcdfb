"""The contract: a recurrent network is a pure step.

``step(x, state) → (output, state, probes)``. Everything that the network remembers is in ``state``, everything worth
looking at is in ``probes``, and nothing is hidden on ``self``. Authors write ``project`` (all that needs no state, done
for every time step at once) and ``advance`` (the rest). ``advance`` never writes into what it was given, branches with
``torch.where`` and draws no random number: noise and targets are inputs.
"""
from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from rnn_core.records import Card, Settings, Taught, setting


class RecurrentSettings(Settings):
    """What every cell with recurrent weights can be asked for."""

    hidden_size: int = setting(32, "Number of hidden units.", symbol="H", ge=1, le=512, main=True)
    gain: float = setting(1.0, "Scale of the fresh recurrent weights: R = gain × a random orthogonal matrix.",
                          symbol="g", ge=0.0, le=5.0, step=0.05)


class Cell(nn.Module):
    """One recurrent architecture as a pure step over batch-first tensors.

    ``card`` describes it (an instance may refine it to its settings), ``Settings`` holds what may be chosen, ``state``
    tuples have fields (b, …) that are never 0-d and never share a tensor. Parameters carry the field's letters, and the
    letter decides the fresh value: W input weights are uniform in ±1/√fan-in, R recurrent weights are gain × orthogonal
    a block, b, c and d biases are zero. ``speaks`` is true where the output (b, o) is the network's answer, so that no
    readout follows; ``feeds_back`` where, besides, what it said comes in again and a teacher may say it instead.
    ``kernel_wins`` is true where torch's own kernel, one model after the other, is faster than many models in one call.
    ``top`` is false where another cell of a stack reads this one.
    ``switches`` name what may be switched on and off in the buffer ``choices``, where there is one.
    ``frozen`` is true where recurrent weights stay as they were drawn, so that the readout V, d of ``features`` is all
    that there is to learn.
    """

    card: ClassVar[Card]
    Settings: ClassVar[type[Settings]] = RecurrentSettings
    runs_along: ClassVar[tuple[str, ...]] = ("sequence",)
    speaks: ClassVar[bool] = False
    feeds_back: ClassVar[bool] = False
    frozen: ClassVar[bool] = False
    kernel_wins: ClassVar[bool] = False
    switches: ClassVar[tuple[str, ...]] = ()
    top: bool = True

    def __init__(self, input_size: int, settings: Settings | None = None, output_size: int | None = None) -> None:
        super().__init__()
        self.input_size = input_size
        self.settings = settings if settings is not None else self.Settings()
        self.output_size = output_size if self.speaks and output_size else self.settings.hidden_size

    def initial_state(self, batch_size: int) -> Any:
        """The state before the first step: a named tuple of (b, …) tensors in the parameters' dtype and device."""
        raise NotImplementedError

    def project(self, x: Any) -> Any:
        """(…, i) → the drive of a step: all that needs no state."""
        return x

    def advance(self, drive: Any, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
        """One step after the projection: output (b, o), the next state, and the probes, each (b, …)."""
        raise NotImplementedError

    def step(self, x: Any, state: Any) -> tuple[Tensor, Any, dict[str, Tensor]]:
        """One step: x (b, i) and a state → output (b, o), the next state, and the probes."""
        return self.advance(None if x is None else self.project(x), state)

    def fused(self, x: Tensor, state: Any, lengths: Tensor | None) -> tuple[Tensor, Any] | None:
        """Outputs and final state by torch's own kernel, or None where there is no kernel for these settings."""
        return None

    def draw(self, batch_size: int, steps: int, generator: torch.Generator) -> Any:
        """A random valid x (b, t, …), for pictures of an untrained cell and for the contract tests."""
        return torch.randn(batch_size, steps, self.input_size, generator=generator, dtype=self.like.dtype).to(self.like)

    @property
    def weight_count(self) -> int:
        """How many numbers learning may set, each on its own: what the card's formula counts."""
        return sum(p.numel() for p in self.parameters())

    @property
    def like(self) -> Tensor:
        """A tensor with the dtype and device that states must have."""
        return next(v for v in (*self.parameters(), *self.buffers()) if v.is_floating_point())

    def zeros(self, *shape: int) -> Tensor:
        """Zeros in the parameters' dtype and device."""
        return torch.zeros(*shape, dtype=self.like.dtype, device=self.like.device)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Fresh weights, each drawn as its letter says."""
        for name, p in self.named_parameters():
            letter = name.rsplit(".", 1)[-1][0]
            if letter in "bcd":
                p.zero_()
            elif letter == "R":
                for block in p.split(p.shape[1], 0):
                    block.copy_(self.settings.gain * orthogonal(p.shape[1], generator)[:block.shape[0]])
            else:
                p.copy_(torch.rand(p.shape, generator=generator).mul_(2).sub_(1) / math.sqrt(p.shape[1]))


def weight(*shape: int) -> nn.Parameter:
    """An uninitialised parameter; ``initialise`` gives it its fresh value."""
    return nn.Parameter(torch.zeros(*shape))


def orthogonal(n: int, generator: torch.Generator) -> Tensor:
    """A random (n, n) orthogonal matrix, uniform over the group: QR of a Gaussian, signs fixed by R's diagonal."""
    q, r = torch.linalg.qr(torch.randn(n, n, generator=generator))
    return q * r.diagonal().sign()


def with_teacher(x: Tensor | Taught, output_size: int) -> Taught:
    """x (…, i) with what a teacher says (…, o): NaN, which is silence, where x brings none."""
    if isinstance(x, Taught):
        return x
    return Taught(x, torch.full((*x.shape[:-1], output_size), torch.nan, dtype=x.dtype, device=x.device))


def heard(y: Tensor, teacher: Tensor) -> Tensor:
    """What goes back (b, o): the teacher's word where there is one, elsewhere what the net said."""
    return torch.where(teacher.isnan(), y, teacher.nan_to_num())


def packed_call(kernel: Any, x: Tensor, state: Any, flat: list[Tensor], lengths: Tensor | None) -> tuple[Any, ...]:
    """Run one of torch's recurrent kernels on x (b, t, i), or on its first ``lengths`` (b,) steps a row.

    ``state`` is what the kernel takes, each (b, n). Returns outputs (b, t, n), zero at steps that do not exist, and the
    final states.
    """
    layered = tuple(v.unsqueeze(0) for v in state)
    hx = layered if len(layered) > 1 else layered[0]
    if lengths is None:
        out, *final = kernel(x, hx, flat, True, 1, 0.0, torch.is_grad_enabled(), False, True)
        return out, *(v.squeeze(0) for v in final)
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
    chosen = tuple(v.index_select(1, packed.sorted_indices) for v in layered)
    data, *final = kernel(packed.data, packed.batch_sizes, chosen if len(chosen) > 1 else chosen[0], flat, True, 1, 0.0,
                          torch.is_grad_enabled(), False)
    again = nn.utils.rnn.PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
    out, _ = nn.utils.rnn.pad_packed_sequence(again, batch_first=True, total_length=x.shape[1])
    return out, *(v.index_select(1, packed.unsorted_indices).squeeze(0) for v in final)
