"""Many experiments that differ only in seed, learning rate or clipping, trained side by side."""
from rnn_core.fleet.fleet import Fleet, road_of

__all__ = ["Fleet", "road_of"]
