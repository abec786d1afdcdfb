"""The race: a few architectures, the same data, seeds, weights and tuned effort for each, and what may be said then."""
from rnn_core.race.matching import match_parameters, weights_of
from rnn_core.race.reach import Reach, at_lengths, axis_of
from rnn_core.race.record import Lane, Race
from rnn_core.race.run import RaceRun, race
from rnn_core.race.verdict import Verdict, verdict

__all__ = ["Lane", "Race", "RaceRun", "Reach", "Verdict", "at_lengths", "axis_of", "match_parameters", "race",
           "verdict", "weights_of"]
