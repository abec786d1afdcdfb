"""A run's weights: as safetensors with the record in the header, and as .npz for those who have only NumPy."""
from __future__ import annotations

import io
import json

import numpy as np
import safetensors.torch
import torch

from rnn_core.exports.zips import zipped
from rnn_core.run import Run
from rnn_core.version import VERSION


def weights(run: Run) -> bytes:
    """Every weight by its name in the network's ``state_dict``, as safetensors.

    The metadata hold ``facts`` as JSON under ``about``, so that nothing else is needed to get the network back:
    ``rc.Experiment.from_json(about["record"]).make_network().load_state_dict(…)``.
    """
    tensors = {name: v.detach().cpu().contiguous().clone() for name, v in run.network.state_dict().items()}
    return safetensors.torch.save(tensors, {"about": json.dumps(facts(run))})


def weights_npz(run: Run) -> bytes:
    """The same arrays for ``numpy.load``, with the facts as one text of JSON under ``about``."""
    arrays = {name: v.detach().cpu().numpy() for name, v in run.network.state_dict().items()}
    arrays["about"] = np.array(json.dumps(facts(run)))
    return zipped({f"{name}.npy": _npy(array) for name, array in arrays.items()})


def facts(run: Run) -> dict[str, str]:
    """What weights must be told with to be understood: the record, the log, where the run stood, on what code."""
    return {"record": run.spec.to_json(), "log": json.dumps([c.model_dump() for c in run.log]),
            "update": str(run.update), "status": run.status, "code": VERSION, "torch": torch.__version__}


def _npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array)
    return out.getvalue()
