"""What a learner reports, and what a visitor may ask of it."""
from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

COLUMNS = ("update", "loss", "held_out", "metric", "gradient_norm", "learning_rate", "seconds")


@dataclass(frozen=True)
class Progress:
    """One update: loss of the training batch, and on some updates the loss and metric on held-out sequences."""

    update: int
    loss: float | None = None
    held_out: float | None = None
    metric: float | None = None
    gradient_norm: float | None = None
    learning_rate: float | None = None
    seconds: float = 0.0
    status: str = "running"


class Command(BaseModel):
    """A change of one learner setting, obeyed once ``update`` updates are done; part of the run's record."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    update: int = Field(ge=0)
    name: str
    value: float
