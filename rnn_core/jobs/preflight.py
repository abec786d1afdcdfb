"""How much memory a run will need, before it starts."""
from __future__ import annotations

from typing import Any

import torch

from rnn_core.experiment import Experiment
from rnn_core.jobs.kinds import kind_of

BYTES_PER_STATE = 71
BYTES_PER_PARAMETER = 32
HELD_OUT = 128
SHARE = 0.6


def estimate_memory(spec: Experiment) -> int:
    """Bytes that training needs at its peak, beside the libraries.

    71 bytes a time step, sequence and unit of each layer and direction (measured: LSTM, forward and backward, 63 to
    71), and 32 bytes a weight, of which the largest cells have 16 H² a layer: weight, gradient, two moments, backup,
    and what a checkpoint copies. The 128 held-out sequences pass forward only; they count as a quarter. What the
    learning rule keeps besides, such as an influence or an uncertainty, it says itself.
    """
    length = spec.make_task().sample(1, torch.Generator()).target.shape[1]
    units = getattr(spec, "hidden_size", 1)
    layers = getattr(spec, "layers", 1) * (2 if spec.wiring == "bidirectional" else 1)
    batch = max(spec.batch_size, HELD_OUT // 4)
    states, parameters = length * batch * units * layers, 16 * units * units * layers
    return BYTES_PER_STATE * states + BYTES_PER_PARAMETER * parameters + spec.bytes_of_rule()


def refusal(record: Any, limit: int) -> str:
    """One sentence if a run of this record needs more than its share of a worker's memory, else nothing."""
    need = sum(estimate_memory(spec) for spec in kind_of(record).experiments(record))
    if need <= SHARE * limit:
        return ""
    return (f"This run would need about {need / 2**30:.1f} GiB, and a worker has {limit / 2**30:.1f} GiB: choose "
            "shorter sequences, smaller batches or fewer units.")
