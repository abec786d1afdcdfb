"""Kalman training: the weights are what is estimated, and every error corrects each by how uncertain it still is.

    H_t = ∂y_t/∂θ = C_t S_{t−1} + D_t                        S_t = ds_t/dθ, carried along (b, s, p)
    K = P Hᵀ (H P Hᵀ + R I)⁻¹
    θ ← θ + K (d_t − y_t)
    P ← P − K H P + Q I                                      P_0 = P₀ I

θ (p) are all weights, readout included; P (p, p) is how uncertain they are, together. The sequences of a batch are
followed side by side and their outputs stacked, so that H has a row for every output of every sequence whose step
counts. Classes are compared as chances: y is the softmax, d is 1 for the right class and 0 for every other. With
``look_back`` n > 0 an output is traced back through n steps in place of S, from the state that entered the first of
them. Coupled by units, P keeps its blocks of weights that lead into the same unit, K_g = P_g H_gᵀ (Σ_j H_j P_j H_jᵀ +
R I)⁻¹, and everything between blocks is taken for 0. P ← P − K H P is computed as (I − K H) P (I − K H)ᵀ + K R Kᵀ, by
two products of low rank, which keeps it symmetric and positive definite. O(p²) a step for each stacked output, O(p²)
numbers kept. R and Q shrink by the factor ``cooling`` after each update. On a network that is linear in its weights it
is recursive least squares. Singhal & Wu, *Training multilayer perceptrons with the extended Kalman algorithm*, 1989;
Puskorius & Feldkamp, *Neurocontrol of nonlinear dynamical systems with Kalman filter trained recurrent networks*, 1994.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.learners.base import NUMBER, Diverged, ForwardLearner, LearnerSettings, taught_by, trouble
from rnn_core.networks.base import Network, taught
from rnn_core.records import Batch, Card, Needs, Rule, Settings, Streams, setting
from rnn_core.records.trees import tmap
from rnn_core.sensitivity import Influence, numbers_kept, seen, weights
from rnn_core.tasks.base import ClassificationTask

LIMIT = 2**23


class KalmanSettings(LearnerSettings):
    """How uncertain the weights are at first, how far an error is trusted, and what is left out."""

    batch_size: int = setting(4, "Sequences that are followed side by side; their errors correct the weights together.",
                              symbol="B", ge=1, le=1024)
    prior_variance: float = setting(1.0, "How uncertain each weight is before the first error.", symbol="P₀", ge=1e-6,
                                    le=1e6, log=True, main=True)
    error_variance: float = setting(1.0, "How much of a squared error is taken for chance; small trusts every error.",
                                    symbol="R", ge=1e-8, le=1e6, log=True, main=True)
    drift_variance: float = setting(1e-3, "Uncertainty that each weight gains at every step; 0 lets learning come to "
                                          "rest.", symbol="Q", ge=0.0, le=1.0)
    cooling: float = setting(1.0, "Factor on R and Q after every update; 1 leaves them as they are.", ge=0.5, le=1.0)
    coupling: Literal["all", "units"] = setting("all", "Which weights are uncertain together: all, or only those that "
                                                       "lead into the same unit, which costs far less.", main=True)
    look_back: int = setting(0, "Steps that an output is traced back to the weights; 0 carries the exact influence "
                                "along.", symbol="n", ge=0, le=1000)
    teacher_forcing: float = setting(
        1.0, "How often the target replaces a fed-back output; for nets that hear themselves.", ge=0.0, le=1.0,
        step=0.05)


class Kalman(ForwardLearner):
    """Kalman training: a running estimate of the weights, with the uncertainty of each and of all pairs."""

    card = Card(title="Kalman training", row="B22", year=1994,
                reference="Singhal & Wu 1989; Puskorius & Feldkamp, Neurocontrol of nonlinear dynamical systems with "
                          "Kalman filter trained recurrent networks, 1994",
                summary="Weights are estimated: an error corrects each by how uncertain it still is, and then all are "
                        "a little more certain.",
                equations={"K": "K = P Hᵀ (H P Hᵀ + R I)⁻¹", "θ": "θ ← θ + K (d_t − y_t)", "P": "P ← P − K H P + Q I"},
                symbols={"K": "gradient", "P": "hidden"},
                use="When sequences are few and each must teach as much as it can.", short="Kalman")
    Settings = KalmanSettings
    needs = Needs(waits="step", keeps="step", blames="sequence", local=False,
                  reads="how uncertain it is together with every other weight, and its influence on the whole state")
    commands = ("updates", "error_variance", "drift_variance", "cooling", "teacher_forcing")

    def __init__(self, network: Network, task: Any, settings: KalmanSettings, streams: Streams) -> None:
        super().__init__(network, task, settings, streams)
        self.parameters = [*weights(network.cells[0]).values(),
                           *(p for p in network.readout.parameters() if p.requires_grad)]
        self.groups = grouped(network, self.parameters, settings.coupling).to(self.parameters[0].device)
        self.P: Tensor | None = None
        self.cooled, self.first_loss = 1.0, None
        self.heard = self._nothing()

    @classmethod
    def bytes_kept(cls, make: Callable[[], Network], settings: KalmanSettings) -> int:
        network = make()
        g = grouped(network, [p for p in network.parameters() if p.requires_grad], settings.coupling)
        influence = 0 if settings.look_back else sum(numbers_kept(network.cells[0], settings.batch_size))
        return 2 * NUMBER * 5 * g.shape[0] * g.shape[1] ** 2 + NUMBER * 3 * influence

    def update(self) -> Iterator[tuple[float, float] | None]:
        batch = self.task.sample(self.settings.batch_size, self.streams.data).to(self.parameters[0].device)
        backup, loss = [p.detach().clone() for p in self.parameters], 0.0
        self.heard = self._nothing()
        try:
            for k, share in enumerate(self.follow(batch, taught_by(self, batch))):
                if k:
                    yield None
                loss += share
            why = trouble(loss, float(self.heard.norm()), loss if self.first_loss is None else self.first_loss)
        except (Diverged, MemoryError) as error:
            why = str(error)
        if why:
            with torch.no_grad():
                torch._foreach_copy_(self.parameters, backup)
            raise Diverged(why)
        self.cooled *= self.settings.cooling
        self.first_loss = loss if self.first_loss is None else self.first_loss
        yield loss, float(self.heard.norm())

    def follow(self, batch: Batch, teacher: Tensor | None) -> Iterator[float]:
        """Go along a batch and correct the weights at every step that counts; yields each step's share of the loss."""
        self._ready()
        counted = int(batch.counted.sum())
        for t, (y, H) in enumerate(self.observations(batch, teacher)):
            part = batch.steps(t, t + 1)
            there = part.counted[:, 0]
            if bool(there.any()):
                error = (self.wanted(part) - self.made(y))[there].double().flatten()
                H = H[there].double().flatten(0, 1)
                self.heard -= H.T @ error * (2 / (counted * y.shape[1]))
                self._correct(H, error)
            yield float(self.share(y.unsqueeze(1), part, counted))

    def observations(self, batch: Batch, teacher: Tensor | None) -> Iterator[tuple[Tensor, Tensor]]:
        """At each step the outputs y (b, o) and H = ∂made/∂θ (b, o, p), with the weights as they are by then."""
        network, b = self.network, len(batch.target)
        cell, back = network.cells[0], self.settings.look_back
        x, state = taught(cell, batch.x, teacher), tmap(Tensor.detach, cell.initial_state(b))
        influence = None if back else Influence(cell, b)
        entering: deque[Any] = deque(maxlen=back or 1)
        for t in range(batch.target.shape[1]):
            entering.append(state)
            first = t + 1 - len(entering)
            inside = tmap(lambda v, a=first, z=t + 1: v[:, a:z], x)
            mask = None if batch.mask is None else batch.mask[:, first:t + 1]
            found = seen(cell, network.readout, inside, entering[0], mask, self.made)
            H = found.D
            if influence is not None:
                own = influence.P.shape[2]
                H = torch.cat([torch.baddbmm(H[..., :own], found.C, influence.P), H[..., own:]], 2)
                influence.go_on(found.A, found.B[..., :own])
            state = found.state
            yield found.y.detach(), H

    def made(self, y: Tensor) -> Tensor:
        """What is compared (…, o): the numbers themselves, or the chances of classes."""
        return y.softmax(-1) if self._classes else y

    def wanted(self, part: Batch) -> Tensor:
        """What should come out at one step (b, o)."""
        target = part.target[:, 0]
        return one_hot(target.clamp(min=0), self.task.output_size) if self._classes else target

    @property
    def _classes(self) -> bool:
        return getattr(type(self.task), "loss", None) is ClassificationTask.loss

    def _ready(self) -> None:
        """P at its beginning; MemoryError, in one sentence, where it would be too large."""
        g, k = self.groups.shape
        if g * k * k > LIMIT:
            raise MemoryError(f"the uncertainty of all pairs of weights would be {g * k * k:,} numbers, more than the "
                              f"{LIMIT:,} allowed; choose fewer units, or couple the weights by units")
        if self.P is None:
            self.P = torch.diag_embed(self._real() * self.settings.prior_variance)

    def _nothing(self) -> Tensor:
        """(p) of zeros."""
        return torch.zeros(sum(p.numel() for p in self.parameters), dtype=torch.float64,
                           device=self.parameters[0].device)

    def _real(self) -> Tensor:
        """(g, k) 1 where a group has a weight, 0 where it is filled up."""
        count = sum(p.numel() for p in self.parameters)
        return (self.groups < count).double()

    @torch.no_grad()
    def _correct(self, H: Tensor, error: Tensor) -> None:
        """One correction: H (m, p) and error (m,) of all outputs that count at this step."""
        noise = self.settings.error_variance * self.cooled * torch.eye(len(H), dtype=H.dtype, device=H.device)
        padded = torch.cat([H, H.new_zeros(len(H), 1)], 1)
        H = padded[:, self.groups].transpose(0, 1)                                           # (g, m, k)
        HP = H @ self.P
        each = HP @ H.mT                                                                     # (g, m, m)
        whole = each.sum(0) + noise
        L, failed = torch.linalg.cholesky_ex((whole + whole.mT) / 2)
        if bool(failed) or not bool(L.isfinite().all()):
            raise Diverged("what the errors could be, given how uncertain the weights are, is no finite number")
        K = torch.cholesky_solve(HP, L.expand(len(HP), -1, -1)).mT                           # (g, k, m)
        change = H.new_zeros(padded.shape[1])
        change[self.groups] = K @ error
        T = self.P - K @ HP
        P = T - (T @ H.mT - K @ (whole - each)) @ K.mT
        self.P = (P + P.mT) / 2
        if self.settings.drift_variance:
            self.P.diagonal(dim1=1, dim2=2).add_(self.settings.drift_variance * self.cooled * self._real())
        parts = change[:-1].split([p.numel() for p in self.parameters])
        for p, part in zip(self.parameters, parts, strict=True):
            p.add_(part.view_as(p).to(p))

    def tensors(self) -> dict[str, Tensor]:
        return {} if self.P is None else {"P": self.P}

    def numbers(self) -> dict[str, Any]:
        return {"settings": self.settings.model_dump(), "first_loss": self.first_loss, "cooled": self.cooled}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        self.settings = KalmanSettings(**numbers["settings"])
        self.first_loss, self.cooled, self.P = numbers["first_loss"], float(numbers["cooled"]), tensors.get("P")
        g, k = self.groups.shape
        if self.P is not None and self.P.shape != (g, k, k):
            raise ValueError("The uncertainty belongs to other weights.")

    @classmethod
    def rule(cls, network: Network, task: Any, settings: Settings) -> Rule:
        names = {id(p): name for name, p in network.named_parameters()}

        def pieces(batch: Batch, **changed: Any) -> Iterator[tuple[float, dict[str, Tensor]]]:
            own = cls(network, task, cls.Settings(**{**settings.model_dump(), **changed}), Streams.of(0))
            before = [p.detach().clone() for p in own.parameters]
            try:
                for share in own.follow(batch, None):
                    yield share, {names[id(p)]: b - p.detach() for p, b in zip(own.parameters, before, strict=True)}
            finally:
                with torch.no_grad():
                    torch._foreach_copy_(own.parameters, before)

        def gradient(batch: Batch, **changed: Any) -> tuple[float, dict[str, Tensor]]:
            loss, last = 0.0, {}
            for share, found in pieces(batch, **changed):
                loss, last = loss + share, found
            return loss, last

        return Rule(cls.card.title, cls.needs, settings.model_dump(), gradient,
                    lambda batch, **changed: (found for _, found in pieces(batch, **changed)), descends=False,
                    short=cls.card.label)


def grouped(network: Network, parameters: list[Tensor], coupling: str) -> Tensor:
    """(g, k) places in θ of the weights that are uncertain together; p, which is none, fills up smaller groups.

    By units: a group is one row of all weights of a cell, or of the readout, that have as many rows.
    """
    count = sum(p.numel() for p in parameters)
    if coupling == "all":
        return torch.arange(count).unsqueeze(0)
    names = {id(p): name.rpartition(".")[0] for name, p in network.named_parameters()}
    rows: dict[tuple[str, int, int], list[Tensor]] = {}
    for p, places in zip(parameters, torch.arange(count).split([p.numel() for p in parameters]), strict=True):
        for r, row in enumerate(places.view(len(p), -1)):
            rows.setdefault((names[id(p)], len(p), r), []).append(row)
    groups = [torch.cat(parts) for parts in rows.values()]
    found = torch.full((len(groups), max(map(len, groups))), count)
    for k, group in enumerate(groups):
        found[k, :len(group)] = group
    return found
