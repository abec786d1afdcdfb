"""Taking a run away: pure functions from a run to the bytes of a file, readable without this project where it can be.

    open("history.csv", "wb").write(rc.exports.history_csv(run))

The same run gives the same bytes, whenever it is asked for. A run at an earlier moment is ``run.then(update)``.
"""
from rnn_core.exports.bundles import archive, mlflow
from rnn_core.exports.kinds import EXPORTS, Export, file_name, take
from rnn_core.exports.notebooks import notebook
from rnn_core.exports.tables import history_csv, most_sequences, states, states_csv
from rnn_core.exports.tensors import weights, weights_npz

__all__ = ["EXPORTS", "Export", "archive", "file_name", "history_csv", "mlflow", "most_sequences", "notebook", "states",
           "states_csv", "take", "weights", "weights_npz"]
