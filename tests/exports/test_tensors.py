"""Weights: what comes back is what was there, with all that is needed to use it, and nothing that could run."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import safetensors
import torch

import rnn_core as rc
from rnn_core.exports.zips import zipped


def test_a_network_is_made_again_from_the_file_alone(run, tmp_path):
    (tmp_path / "w").write_bytes(rc.exports.weights(run))
    with safetensors.safe_open(tmp_path / "w", "pt") as file:
        about = json.loads(file.metadata()["about"])
        found = {name: file.get_tensor(name) for name in file.keys()}
    network = rc.Experiment.from_json(about["record"]).make_network()
    network.load_state_dict(found)
    x, mask = run.held_out.x, run.held_out.mask
    assert torch.equal(network(x, mask=mask), run.network(x, mask=mask))
    assert about["update"] == "20" and json.loads(about["log"]) == [c.model_dump() for c in run.log]


@pytest.mark.parametrize("name", [n for n, c in rc.catalogue.cell_classes().items() if c.runs_along == ("sequence",)])
def test_numpy_reads_it_alone(name):
    fresh = rc.Run(rc.Experiment.of(name, "adding", hidden_size=2, length=4))
    file = np.load(io.BytesIO(rc.exports.weights_npz(fresh)))
    weights = fresh.network.state_dict()
    assert set(file.files) == {*weights, "about"}
    assert all(np.array_equal(file[key], value.numpy()) for key, value in weights.items())
    assert rc.Experiment.from_json(json.loads(str(file["about"]))["record"]) == fresh.spec


def test_weights_of_an_earlier_moment(run):
    early = np.load(io.BytesIO(rc.exports.weights_npz(run.then(0))))
    assert np.array_equal(early["readout.V"], run.tape[0]["readout.V"].numpy())


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a//b", "a\\b", "", ".hidden", "a b", "C:x", "ü" * 3, "x" * 121])
def test_a_zip_has_no_name_that_leads_elsewhere(name):
    with pytest.raises(ValueError, match="cannot be the name of a file"):
        zipped({name: b""})


def test_a_zip_is_the_same_bytes_again():
    data = zipped({"a/b.txt": b"one", "c": b""})
    assert data == zipped({"a/b.txt": b"one", "c": b""})
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
