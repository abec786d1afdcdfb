"""B7, Pontryagin's costate: the recursion λ_t = ∂H_t/∂s_t, written out by hand, is what reverse differentiation gives.

    H_t(s, λ) = ℓ_t(s) + λ · f(s, x_t, θ),   λ_t = ∂H_t(s_t, λ_{t+1})/∂s_t,   dL/dθ = Σ_t ∂H_t/∂θ
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, gradients, near, quick, same

CASES, SEED = 6, 0
PUSHED = ("elman", "jordan", "lstm", "gru", "narx", "mtrnn", "ctrnn", "second_order", "infinite_impulse", "recursive")
FUNCTIONS = {"tanh": (torch.tanh, lambda a: 1 - torch.tanh(a) ** 2), "linear": (lambda a: a, torch.ones_like),
             "sigmoid": (torch.sigmoid, lambda a: torch.sigmoid(a) * torch.sigmoid(-a))}
States = tuple[Tensor, ...]


@quick
def equals_the_recursion_by_hand() -> Iterator[Finding]:
    """The costate of every step of ragged sequences, from derivatives of H worked out on paper; random sizes."""
    draw = torch.Generator().manual_seed(SEED)
    bends = [{"activation": k} for k in FUNCTIONS]
    for architecture, backward, choices in (("elman", _elman, bends), ("lstm", _lstm, [{}]), ("gru", _gru, [{}]),
                                            ("ctrnn", _ctrnn, [{"time_step": 0.7}])):
        for k in range(CASES):
            settings = choices[k % len(choices)]
            network, batch, told = _case(architecture, draw, **settings)
            chosen = "".join(f", {name.replace('_', ' ')} {value}" for name, value in settings.items())
            yield same(f"{architecture}{chosen}{told}: λ of every step",
                       list(rc.costates(network, batch, _loss).passes[0]), _swept(network, batch, backward), 1e-12)


@quick
def delta_of_backpropagation() -> Iterator[Finding]:
    """δ_t = φ'(a_t) ⊙ (Vᵀ ε_t + λ_{t+1}) is ∂L/∂a_t, obeys its own recursion, and gives ∇R = Σ δ_t h_{t−1}ᵀ."""
    draw = torch.Generator().manual_seed(SEED + 1)
    for _ in range(CASES):
        network, batch, told = _case("elman", draw)
        cell, there = network.cells[0], batch.mask.unsqueeze(2)
        found = rc.costates(network, batch, _loss)
        h, entering = found.trace.main.states.h, found.trace.main.entering.h
        after = torch.cat([found.passes[0].h[:, 1:], torch.zeros_like(h[:, :1])], 1)
        epsilon = (network.trace(batch.x, mask=batch.mask).outputs - batch.target) * there
        delta = there * (1 - h**2) * (epsilon @ network.readout.V + after)
        later, swept = torch.zeros_like(h[:, 0]), []
        for t in reversed(range(h.shape[1])):
            here = (1 - h[:, t] ** 2) * (epsilon[:, t] @ network.readout.V + later @ cell.R)
            later = there[:, t] * here
            swept.insert(0, later)
        yield same(f"elman{told}: δ of every step by Rᵀ δ_{{t+1}}", delta, torch.stack(swept, 1), 1e-12)
        wanted = gradients(_loss(network(batch.x, mask=batch.mask), batch), [cell.R, cell.W, cell.b])
        yield same(f"elman{told}: ∇R, ∇W, ∇b summed from δ",
                   [torch.einsum("btn,btm->nm", delta, entering), torch.einsum("btn,bti->ni", delta, batch.x),
                    delta.sum((0, 1))], wanted, 1e-12)


@quick
def is_the_slope_of_the_hamiltonian() -> Iterator[Finding]:
    """λ_t from central differences of H_t alone, swept backward without any derivative rule."""
    draw = torch.Generator().manual_seed(SEED + 2)
    for architecture in PUSHED:
        network, batch, told = _case(architecture, draw, units=3)
        found = rc.costates(network, batch, _loss)
        yield same(f"{architecture}{told}", _flat(found.passes[0]), _pushed(network, batch, found.trace.main), 1e-7)


@quick
def gradient_is_a_sum_of_hamiltonians() -> Iterator[Finding]:
    """Σ_t ∂H_t/∂θ, each H_t differentiated alone with its costate held fixed, is the gradient of the whole."""
    draw = torch.Generator().manual_seed(SEED + 3)
    for architecture in PUSHED:
        network, batch, told = _case(architecture, draw)
        found, parameters = rc.costates(network, batch, _loss), list(network.parameters())
        one, sums = found.trace.main, [torch.zeros_like(p) for p in parameters]
        for t in range(one.length):
            following = [torch.zeros_like(v[:, 0]) if t + 1 == one.length else v[:, t + 1]
                         for v in _fields(found.passes[0])]
            out, new = _stepped(network, batch, t, [v[:, t] for v in _fields(one.entering)])
            value = _cost(out, batch, t) + sum((v * g).sum() for v, g in zip(new, following, strict=True))
            sums = [a + b for a, b in zip(sums, gradients(value, parameters), strict=True)]
        yield same(f"{architecture}{told}: all {len(parameters)} weight arrays", sums,
                   gradients(_loss(network.trace(batch.x, mask=batch.mask).outputs, batch), parameters), 1e-11)


@quick
def optimal_control() -> Iterator[Finding]:
    """A linear net steered at least cost: λ_t = P_t s_t with Riccati's P, and ∂H/∂u = 0 along the way."""
    draw = torch.Generator().manual_seed(SEED + 4)
    for _ in range(3):
        n, m, steps = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in ((2, 5), (1, 3), (5, 12)))
        network, start = _plant(n, m, draw), torch.randn(1, n, generator=draw).double()
        x, following = _steered(network, start, steps)
        x.requires_grad_()
        y = network.trace(x, state=type(network.cells[0].initial_state(1))(start)).outputs
        slope, = gradients((y**2).sum() / 2 + (x**2).sum() / 2, [x])
        told = f"n = {n}, inputs {m}, T = {steps}"
        yield near(f"{told}: largest slope of the cost along any input", 0.0, float(slope.abs().max()), 1e-10)
        yield same(f"{told}: costates of the steered states", _from(network, x.detach(), start), following, 1e-10)


def _plant(n: int, m: int, draw: torch.Generator) -> Any:
    """A linear network with n units, m inputs and a readout of n numbers, all random."""
    network = rc.Experiment.of("elman", "adding", hidden_size=n, activation="linear").make_network().double()
    sizes = {"W": (n, m), "R": (n, n), "b": (n,), "V": (n, n), "d": (n,)}
    for name, size in sizes.items():
        drawn = torch.randn(size, generator=draw).double() / n**0.5 * (name not in "bd")
        setattr(network.readout if name in "Vd" else network.cells[0], name, torch.nn.Parameter(drawn))
    return network


@torch.no_grad()
def _steered(network: Any, state: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Inputs (1, t, m) that make ½ Σ ‖V s_t‖² + ½ Σ ‖u_t‖² least, by Riccati's recursion for P from the end:

        K_t = (1 + Bᵀ P_t B)⁻¹ Bᵀ P_t A,   P_{t−1} = Q + Aᵀ P_t (A − B K_t),   u_t = −K_t s_{t−1}

    and (1, t − 1, n) the costates P_t s_t of the steered states less the part Q s_t of the state's own cost.
    """
    A, B, Q = network.cells[0].R, network.cells[0].W, network.readout.V.T @ network.readout.V
    P, gains = [Q], []
    for _ in range(steps):
        gains.insert(0, torch.linalg.solve(torch.eye(B.shape[1]).double() + B.T @ P[0] @ B, B.T @ P[0] @ A))
        P.insert(0, Q + A.T @ P[0] @ (A - B @ gains[0]))
    inputs, costates = [], []
    for t in range(steps):
        inputs.append(-state @ gains[t].T)
        state = state @ A.T + inputs[-1] @ B.T
        costates.append(state @ (P[t + 1] - Q))
    return torch.stack(inputs, 1), torch.stack(costates[:-1], 1)


def _from(network: Any, x: Tensor, start: Tensor) -> Tensor:
    """(1, t − 1, n): costates of the states that enter all steps but the first, which begins at ``start``."""
    class Started(torch.nn.Module):
        def trace(self, x: Tensor, **options: Any) -> Any:
            return network.trace(x, state=type(network.cells[0].initial_state(1))(start), **options)

    batch = rc.Batch(x, torch.zeros(1, x.shape[1], network.readout.V.shape[0], dtype=x.dtype))
    return rc.costates(Started(), batch, lambda y, one: (y**2).sum() / 2).passes[0].h[:, 1:]


def _case(architecture: str, draw: torch.Generator, units: int = 0, **settings: Any) -> tuple[Any, rc.Batch, str]:
    """A network in double precision and ragged sequences of random sizes, with dense targets."""
    b, t, n, o = (int(torch.randint(low, high, (1,), generator=draw)) for low, high in
                  ((1, 5), (1, 12), (1, 7), (1, 4)))
    n = units or n
    seed = int(torch.randint(1000, (1,), generator=draw))
    spec = rc.Experiment.of(architecture, "adding", seed=seed, hidden_size=n, **settings)
    network = spec.make_network().double()
    if not network.cells[0].speaks:
        network.readout.V = torch.nn.Parameter(torch.randn(o, network.cells[0].output_size, generator=draw).double())
        network.readout.d = torch.nn.Parameter(torch.randn(o, generator=draw).double())
    with torch.no_grad():
        for p in network.parameters():
            p.add_(0.2 * torch.randn(p.shape, generator=draw).to(p))
    x = torch.randn(b, t, 2, generator=draw).double()
    y = network(x)
    lengths = torch.randint(1, t + 1, (b,), generator=draw)
    mask = torch.arange(t) < lengths.unsqueeze(1)
    return (network, rc.Batch(x, torch.randn(y.shape, generator=draw).double(), mask),
            f", b = {b}, T = {t}, n = {n}, ragged")


def _loss(y: Tensor, batch: rc.Batch) -> Tensor:
    """½ Σ (y − target)² over the steps that are there."""
    return (((y - batch.target) ** 2).sum(2) * batch.mask).sum() / 2


def _cost(y: Tensor, batch: rc.Batch, t: int) -> Tensor:
    """The part of the loss that falls to step t."""
    return (((y - batch.target[:, t]) ** 2).sum(1) * batch.mask[:, t]).sum() / 2


@torch.no_grad()
def _swept(network: Any, batch: rc.Batch, backward: Callable[..., States]) -> list[Tensor]:
    """Every field's costates (b, t, n): forward by the equations, then backward by a rule worked out on paper."""
    cell, readout, there = network.cells[0], network.readout, batch.mask.unsqueeze(2)
    states, waits = [tuple(torch.zeros_like(v) for v in cell.initial_state(len(batch.x)))], []
    for t in range(batch.x.shape[1]):
        after, out, back = backward(cell, batch.x[:, t], states[-1])
        waits.append((back, (out @ readout.V.T + readout.d - batch.target[:, t]) * there[:, t]))
        states.append(tuple(torch.where(there[:, t], a, s) for a, s in zip(after, states[-1], strict=True)))
    later, found = tuple(torch.zeros_like(v) for v in states[0]), []
    for t in reversed(range(len(waits))):
        back, epsilon = waits[t]
        here = back(epsilon @ readout.V, *later)
        later = tuple(torch.where(there[:, t], a, s) for a, s in zip(here, later, strict=True))
        found.insert(0, later)
    return [torch.stack(parts, 1) for parts in zip(*found, strict=True)]


def _elman(cell: Any, x: Tensor, state: States) -> Any:
    f, slope = FUNCTIONS[cell.settings.activation]
    a = x @ cell.W.T + state[0] @ cell.R.T + cell.b
    return (f(a),), f(a), lambda said, later: (((said + later) * slope(a)) @ cell.R,)


def _lstm(cell: Any, x: Tensor, state: States) -> Any:
    i, f, g, o = (x @ cell.W.T + state[0] @ cell.R.T + cell.b).chunk(4, 1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    c = f * state[1] + i * g
    h = o * torch.tanh(c)

    def back(said: Tensor, later_h: Tensor, later_c: Tensor) -> States:
        to_h = said + later_h
        to_c = later_c + to_h * o * (1 - torch.tanh(c) ** 2)
        to_a = torch.cat([to_c * g * i * (1 - i), to_c * state[1] * f * (1 - f), to_c * i * (1 - g**2),
                          to_h * torch.tanh(c) * o * (1 - o)], 1)
        return to_a @ cell.R, to_c * f

    return (h, c), h, back


def _gru(cell: Any, x: Tensor, state: States) -> Any:
    n, h = state[0].shape[1], state[0]
    seen, heard = x @ cell.W.T + cell.b, h @ cell.R.T
    r, z = torch.sigmoid(seen[:, :2 * n] + heard[:, :2 * n]).chunk(2, 1)
    past = heard[:, 2 * n:] + cell.c
    new = torch.tanh(seen[:, 2 * n:] + r * past)
    after = (1 - z) * new + z * h

    def back(said: Tensor, later: Tensor) -> States:
        to_h = said + later
        to_n = to_h * (1 - z) * (1 - new**2)
        to_a = torch.cat([to_n * past * r * (1 - r), to_h * (h - new) * z * (1 - z), to_n * r], 1)
        return (to_h * z + to_a @ cell.R,)

    return (after,), after, back


def _ctrnn(cell: Any, x: Tensor, state: States) -> Any:
    y, rate = state[0], cell.settings.time_step / cell.tau
    o = torch.sigmoid(y - cell.b)
    after = y + rate * (x @ cell.W.T + o @ cell.R.T - y)
    out = torch.sigmoid(after - cell.b)

    def back(said: Tensor, later: Tensor) -> States:
        to_y = later + said * out * (1 - out)
        return (to_y * (1 - rate) + (to_y * rate) @ cell.R * o * (1 - o),)

    return (after,), out, back


def _fields(state: Any) -> list[Tensor]:
    """The fields of a flat state."""
    return list(state)


def _flat(state: Any) -> Tensor:
    """(b, t, s): the fields of a state side by side."""
    return torch.cat([v.flatten(2) for v in _fields(state)], 2)


def _stepped(network: Any, batch: rc.Batch, t: int, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The answer and the next state of one step; a sequence that is over keeps its state."""
    cell = network.cells[0]
    out, new, _ = cell.step(batch.x[:, t], type(cell.initial_state(1))(*state))
    there = batch.mask[:, t]
    kept = [torch.where(there.reshape(-1, *[1] * (v.dim() - 1)), v, s) for v, s in zip(new, state, strict=True)]
    return network.readout(out), kept


@torch.no_grad()
def _pushed(network: Any, batch: rc.Batch, one: rc.Trace, step: float = 1e-5) -> Tensor:
    """(b, t, s): λ swept backward, each component by pushing the entering state up and down."""
    entering = _fields(one.entering)
    later, found = [torch.zeros_like(v[:, 0]) for v in entering], []
    for t in reversed(range(one.length)):
        here = [torch.zeros_like(v) for v in later]
        for field, costate in zip(range(len(entering)), here, strict=True):
            for k in range(costate[0].numel()):
                ends = []
                for sign in (step, -step):
                    state = [v[:, t].clone() for v in entering]
                    state[field].flatten(1)[:, k] += sign
                    out, new = _stepped(network, batch, t, state)
                    cost = ((out - batch.target[:, t]) ** 2).sum(1) * batch.mask[:, t] / 2
                    ends.append(cost + sum((v * g).flatten(1).sum(1) for v, g in zip(new, later, strict=True)))
                costate.view(len(costate), -1)[:, k] = (ends[0] - ends[1]) / (2 * step)
        later = here
        found.insert(0, torch.cat([v.flatten(1) for v in later], 1))
    return torch.stack(found, 1)
