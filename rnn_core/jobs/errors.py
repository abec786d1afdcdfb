"""What can go wrong between a page and the engine, each with one sentence for the visitor."""
from __future__ import annotations


class EngineError(RuntimeError):
    """The engine cannot do this; the message is one sentence that a page may show."""


class UnknownRun(EngineError):
    """No run has this id."""


class TooLarge(EngineError):
    """The run would need more memory than a worker has."""


class NotThere(EngineError):
    """No engine answers, and none could be started."""
