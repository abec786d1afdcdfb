"""D5, the loss of each step: parts that add up, each with a blame of its own that adds up too."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, gradients, near, quick, same

B, UNITS = 4, 5
TASKS = {"adding": {"length": 12, "ragged": True}, "delayed_recall": {"lag": 9, "ragged": True},
         "temporal_xor": {"length": 18}, "next_character": {"length": 16}}


def _case(architecture: str, task: str) -> tuple[Any, rc.Batch, Any]:
    """A float64 network of a task, sequences in float64, and the task's loss."""
    run = rc.Run(rc.Experiment.of(architecture, task, hidden_size=UNITS, **TASKS[task]))
    batch = run.held_out.rows(slice(0, B))
    target = batch.target.double() if batch.target.is_floating_point() else batch.target
    return run.network.double(), batch._replace(x=batch.x.double(), target=target), run.task.loss


@quick
def parts_add_up() -> Iterator[Finding]:
    """L = Σ_s L_s in every task, whether it scores all steps, some, or one, and however long the sequences are."""
    for task in TASKS:
        network, batch, loss = _case("lstm", task)
        found = rc.step_losses(network, batch, loss)
        whole = float(loss(network(batch.x, mask=batch.mask), batch).detach())
        yield near(f"{task}: sum of the parts", whole, float(found.sums[-1]), 1e-12)
        yield equal(f"{task}: steps with a part", int(batch.counted.any(0).sum()), int((~found.parts.isnan()).sum()))


@quick
def blames_add_up() -> Iterator[Finding]:
    """Each step's loss sends back its own blame; summed with their signs they are the gradient of the whole, at every
    state."""
    for architecture in ("elman", "lstm", "gru"):
        for task in TASKS:
            network, batch, loss = _case(architecture, task)
            found = rc.error_triangle(network, batch, loss)
            whole = torch.stack([_costates(network, batch, loss, k) for k in range(B)])
            yield same(f"{architecture}, {task}: Σ_s ∂L_s/∂s_t beside one differentiation", found.sums, whole, 1e-10)


@quick
def each_blame_alone() -> Iterator[Finding]:
    """‖∂L_s/∂s_t‖ is what one differentiation of L_s gives, and nothing arrives after s."""
    for architecture in ("elman", "lstm", "gru"):
        network, batch, loss = _case(architecture, "temporal_xor")
        found = rc.error_triangle(network, batch, loss)
        alone = []
        for s in found.steps.tolist():
            here = torch.zeros_like(batch.counted)
            here[:, s] = True
            part = batch._replace(scored=batch.counted & here)
            share = 1 / batch.counted.sum(1).double()
            rows = [_costates(network, part, loss, k).norm(dim=-1) * share[k] for k in range(B)]
            alone.append(torch.stack(rows))
        norms = torch.stack(alone, 1)
        yield same(f"{architecture}: sizes of all {len(found.steps)} × {norms.shape[2]} blames",
                   found.norms.nan_to_num(0.0), norms, 1e-12)
        t = torch.arange(norms.shape[2])
        later = norms[:, t > found.steps.unsqueeze(1)]
        yield equal(f"{architecture}: largest blame after its own step", 0.0, float(later.abs().max()))


@quick
def weights_feel_the_sum() -> Iterator[Finding]:
    """The gradients of the parts, weight by weight, add up to the gradient of the loss."""
    for task in TASKS:
        network, batch, loss = _case("gru", task)
        weights = list(network.parameters())
        y = network.trace(batch.x, mask=batch.mask).outputs
        total = gradients(loss(y, batch), weights)
        parts = []
        for s in batch.counted.any(0).nonzero().flatten().tolist():
            here = torch.zeros_like(batch.counted)
            here[:, s] = True
            share = batch.counted[:, s].sum() / batch.counted.sum().double()
            parts.append(gradients(share * loss(y, batch._replace(scored=batch.counted & here)), weights))
        yield same(f"{task}: Σ_s ∂L_s/∂θ", [sum(p) for p in zip(*parts, strict=True)], total, 1e-12)


def _costates(network: Any, batch: rc.Batch, loss: Any, row: int) -> Tensor:
    """(t, s) dL of one sequence by the state that enters each step, each fed in as a leaf of its own."""
    one = batch.rows(slice(row, row + 1))
    cell, state, states, outputs = network.cells[0], network.cells[0].initial_state(1), [], []
    for t in range(one.x.shape[1]):
        state = type(state)(*(v.detach().requires_grad_() if not t else v.view_as(v) for v in state))
        states.append(state)
        out, new, _ = cell.step(one.x[:, t], state)
        there = one.mask is None or bool(one.mask[0, t])
        outputs.append(network.readout(out) if there else torch.zeros_like(network.readout(out)))
        state = new if there else state
    if not bool(one.counted.any()):
        return torch.stack([torch.cat([torch.zeros_like(v) for v in s], -1)[0] for s in states])
    got = gradients(loss(torch.stack(outputs, 1), one), [v for s in states for v in s])
    fields = len(states[0])
    return torch.stack([torch.cat(got[k:k + fields], -1)[0] for k in range(0, len(got), fields)]).detach()
