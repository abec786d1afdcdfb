"""D19, sensitivity of an answer: the derivative agrees with finite differences, and with theory for linear nets."""
from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.check import Finding, equal, near, quick, same

B, T, PUSH = 2, 7, 1e-5
NETS = (("elman", "single"), ("lstm", "single"), ("gru", "single"), ("jordan", "single"), ("lstm", "stack"),
        ("gru", "bidirectional"))


@quick
def finite_differences() -> Iterator[Finding]:
    """∂y_t/∂x_k of every step and input, beside central differences."""
    for architecture, wiring in NETS:
        network = _network(architecture, wiring)
        x = torch.randn(B, T, 3, dtype=torch.float64)
        for step, output in ((T - 1, 0), (3, 2)):
            found = rc.saliency(network, rc.Batch(x, torch.zeros(B, T, 3)), step=step, output=output)
            yield same(f"{architecture}, {wiring}: output {output} at step {step}", found.signed,
                       _differences(network, x, step, output), 1e-8)


@quick
def impulse_response() -> Iterator[Finding]:
    """A linear net answers with V R^{t−k} W, whatever it reads."""
    network = _network("elman", "single", activation="linear")
    cell, V = network.cells[0], network.readout.V
    found = rc.saliency(network, rc.Batch(torch.randn(B, T, 3, dtype=torch.float64), torch.zeros(B, T, 3)), output=1)
    known = torch.stack([(V @ torch.linalg.matrix_power(cell.R, T - 1 - k) @ cell.W)[1] for k in range(T)])
    yield same("∂y_T/∂x_k", found.signed, known.detach().expand(B, -1, -1), 1e-12)


@quick
def cause_before_effect() -> Iterator[Finding]:
    """What comes after the answer does not move it, unless the net reads from both ends."""
    for architecture, wiring in NETS:
        network, x = _network(architecture, wiring), torch.randn(B, T, 3, dtype=torch.float64)
        found = rc.saliency(network, rc.Batch(x, torch.zeros(B, T, 3)), step=3, output=0)
        felt = bool(found.signed[:, 4:].any())
        yield equal(f"{architecture}, {wiring}: is moved by later steps", str(wiring == "bidirectional"), str(felt))


@quick
def final_answer() -> Iterator[Finding]:
    """Ragged sequences are asked at their own last step that counts, for the class that the net says there."""
    network, x = _network("gru", "single"), torch.randn(3, T, 3, dtype=torch.float64)
    mask = torch.arange(T) < torch.tensor([T, 5, 2]).unsqueeze(1)
    found = rc.saliency(network, rc.Batch(x, torch.zeros(3, T, dtype=torch.long), mask))
    y = network(x, mask=mask)
    for k, last in enumerate((T - 1, 4, 1)):
        yield equal(f"sequence {k}: step", last, int(found.steps[k]))
        yield equal(f"sequence {k}: output", int(y[k, last].argmax()), int(found.outputs[k]))
        yield near(f"sequence {k}: answer", float(y[k, last].detach().max()), float(found.answers[k]), 1e-12)
        alone = rc.saliency(network, rc.Batch(x[k:k + 1, :last + 1], torch.zeros(1, last + 1, dtype=torch.long)))
        yield same(f"sequence {k}: alone and without padding", found.signed[k, :last + 1], alone.signed[0], 1e-12)


def _network(architecture: str, wiring: str, **settings: str) -> torch.nn.Module:
    """A fresh network with three inputs and outputs, in float64."""
    spec = rc.Experiment.of(architecture, "delayed_recall", wiring=wiring, symbols=2, hidden_size=4, **settings)
    return spec.make_network().double()


@torch.no_grad()
def _differences(network: torch.nn.Module, x: Tensor, step: int, output: int) -> Tensor:
    """(y(x + εe) − y(x − εe)) / 2ε for every unit vector e of a step and input."""
    found = torch.zeros_like(x)
    for k in range(x.shape[1]):
        for i in range(x.shape[2]):
            ends = []
            for sign in (PUSH, -PUSH):
                moved = x.clone()
                moved[:, k, i] += sign
                ends.append(network(moved)[:, step, output])
            found[:, k, i] = (ends[0] - ends[1]) / (2 * PUSH)
    return found
