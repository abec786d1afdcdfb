"""Records: what the rooms hand to one another.

Shape letters, used in every docstring: ``b`` sequences in a batch, ``t`` time steps, ``i`` inputs, ``n`` hidden units,
``o`` outputs, ``s`` entries of a flattened state, ``m`` moments on a tape. All arrays are batch-first.
"""
from rnn_core.records.batch import Baseline, Batch, Story, Taught
from rnn_core.records.card import Card
from rnn_core.records.episode import Episode
from rnn_core.records.intervention import Intervention
from rnn_core.records.population import Population
from rnn_core.records.progress import Command, Progress
from rnn_core.records.result import Result
from rnn_core.records.rule import Needs, Rule, Sized
from rnn_core.records.settings import SettingInfo, Settings, describe_settings, setting
from rnn_core.records.streams import Streams
from rnn_core.records.trace import NetworkTrace, Trace

__all__ = ["Baseline", "Batch", "Card", "Command", "Episode", "Intervention", "Needs", "NetworkTrace", "Progress",
           "Result", "Population", "Rule", "SettingInfo", "Settings", "Sized", "Story", "Streams", "Taught", "Trace",
           "describe_settings", "setting"]
