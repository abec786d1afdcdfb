"""How well does an LSTM with 128 units know real text after a minute of reading?

Held-out bits per character over the whole held-out part, after so many seconds of wall time (measuring counts as time
too); beside it the trivial baseline, the updates done, and those that were needed to reach the goal.
"""
from __future__ import annotations

import time

import torch

import rnn_core as rc
from benchmarks._measure import report

GOAL = 2.40


@torch.no_grad()
def held_out_bits(run: rc.Run) -> float:
    """Bits per character over the whole held-out part, in windows that share no character and all begin cold."""
    step = run.spec.length + 1
    windows = run.task.text.held[:len(run.task.text.held) // step * step].view(-1, step)
    batch = run.task.batch(windows)
    return run.task.metric(run.network(batch.x), batch)


def main(seconds: float = 60.0) -> None:
    """Print the figure; one thread, which for so small a network is fastest."""
    torch.set_num_threads(1)
    spec = rc.Experiment.of("lstm", "next_character", hidden_size=128, learning_rate=0.01, updates=1_000_000)
    run, started, reached = rc.Run(spec), time.perf_counter(), None
    for step in run.training():
        if reached is None and step.metric is not None and step.metric <= GOAL:
            reached = step.update
        if time.perf_counter() - started >= seconds:
            break
    bits = held_out_bits(run)
    report(f"held-out bits per character, LSTM-128, {seconds:g} s", f"≤ {GOAL}", bits <= GOAL, measured=bits,
           baseline=run.task.baseline().value, updates=run.update, updates_to_goal=reached)


if __name__ == "__main__":
    main()
