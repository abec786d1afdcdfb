"""Several networks of one kind in one call, on stacked weights (k, …): by the cell's own code, or by torch.vmap."""
from rnn_core.stacked.acting import acting
from rnn_core.stacked.crowd import Crowd
from rnn_core.stacked.forward import Forward, by_stacking, by_vmap
from rnn_core.stacked.rows import Rows

__all__ = ["Crowd", "Forward", "Rows", "acting", "by_stacking", "by_vmap"]
