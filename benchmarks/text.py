"""How well does an LSTM with 128 units know real text after a minute of reading?

Prints one line of JSON: held-out bits per character after the given seconds of wall time, over the whole held-out part;
beside it the trivial baseline, the updates done, and those that were needed to reach the goal.
"""
from __future__ import annotations

import json
import time
from typing import Any

import click
import torch

import rnn_core as rc

GOAL = 2.40


@torch.no_grad()
def held_out_bits(run: rc.Run) -> float:
    """Bits per character over the whole held-out part, in windows that share no character and all begin cold."""
    step = run.spec.length + 1
    windows = run.task.text.held[:len(run.task.text.held) // step * step].view(-1, step)
    batch = run.task.batch(windows)
    return run.task.metric(run.network(batch.x), batch)


def measure(seconds: float, threads: int) -> dict[str, Any]:
    """Train for so long and tell how far it came; measuring counts as time too."""
    torch.set_num_threads(threads)
    spec = rc.Experiment.of("lstm", "next_character", hidden_size=128, learning_rate=0.01, updates=1_000_000)
    run, started, reached = rc.Run(spec), time.perf_counter(), None
    for step in run.training():
        if reached is None and step.metric is not None and step.metric <= GOAL:
            reached = step.update
        if time.perf_counter() - started >= seconds:
            break
    return {"figure": "held-out bits per character", "value": round(held_out_bits(run), 3), "goal": GOAL,
            "baseline": round(run.task.baseline().value, 3), "seconds": seconds, "threads": threads,
            "updates": run.update, "updates to goal": reached, "experiment": spec.to_query()}


@click.command()
@click.option("--seconds", default=60.0, help="Wall time to read.")
@click.option("--threads", default=1, help="Threads of torch; for so small a network one is fastest.")
def main(seconds: float, threads: int) -> None:
    """Print the measured figure as JSON."""
    click.echo(json.dumps(measure(seconds, threads)))


if __name__ == "__main__":
    main()
