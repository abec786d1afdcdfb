"""The engine: runs are trained in processes of their own, watched and commanded from any number of pages.

    engine = connect()                                   # started if none answers
    run_id = engine.submit(spec, owner="me")
    engine.look(run_id, since=0).records                 # what is new
    run_id = engine.command(run_id, "learning_rate", 0.01, owner="me")
    run = engine.fetch(run_id)                           # a Run, ready for every analysis

``python -m rnn_core.jobs`` runs the engine by hand.
"""
from rnn_core.jobs.client import Engine, connect
from rnn_core.jobs.errors import EngineError, NotThere, TooLarge, UnknownRun
from rnn_core.jobs.look import Look, Summary
from rnn_core.jobs.preflight import estimate_memory

__all__ = ["Engine", "EngineError", "Look", "NotThere", "Summary", "TooLarge", "UnknownRun", "connect",
           "estimate_memory"]
