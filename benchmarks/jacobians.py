"""Step Jacobians of a batch at once, beside torch's own function called for one step of one sequence at a time."""

from __future__ import annotations

import torch
from torch import Tensor

import rnn_core as rc
from benchmarks._measure import ratio, report
from rnn_core.cells.gru import GRUState
from rnn_core.records.trees import fold

T, B, H = 100, 16, 32
LEAST = 100


def main() -> None:
    """Print the figure; stop if the two do not agree."""
    torch.set_num_threads(1)
    cell = rc.make_cell("gru", 4, hidden_size=H)
    with torch.no_grad():
        trace = rc.unroll(cell, cell.draw(B, T, torch.Generator().manual_seed(0)))
    x, h = fold(trace.x).split(1), fold(trace.entering).h.split(1)

    def theirs() -> Tensor:
        def one(x_t: Tensor, h_t: Tensor) -> Tensor:
            return torch.autograd.functional.jacobian(lambda s: cell.step(x_t, GRUState(s))[1].h, h_t)[0, :, 0]
        return torch.stack([one(*pair) for pair in zip(x, h, strict=True)]).unflatten(0, (B, T))

    def ours() -> Tensor:
        return rc.step_jacobians(trace).A

    torch.testing.assert_close(ours(), theirs(), rtol=1e-4, atol=1e-5)
    got = ratio(theirs, ours, pairs=9, warm=1)
    report(f"step Jacobians, one at a time ÷ ours (∂s'/∂s, GRU, T={T}, B={B}, H={H})", f"≥ {LEAST}",
           got["measured"] >= LEAST, measured=got["measured"], pairs=got["pairs"], ours_ms=got["theirs_ms"],
           one_at_a_time_ms=got["ours_ms"])


if __name__ == "__main__":
    main()
