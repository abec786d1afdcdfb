"""Bundles: the whole run comes back from its zip; MLflow's file store is what its documentation says it is."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
import yaml

import rnn_core as rc
from rnn_core.exports.zips import PART

HOSTILE = "=cmd|' /C calc'!A0\u2028\x00\"../../x\ud800\n- \U0001f600 <b>"


def opened(data: bytes) -> dict[str, bytes]:
    """The files of a zip by their names."""
    file = zipfile.ZipFile(io.BytesIO(data))
    return {name: file.read(name) for name in file.namelist()}


def store(data: bytes) -> tuple[str, dict[str, bytes]]:
    """The run's id and, by their places in its folder, its files."""
    files = opened(data)
    homes = {tuple(name.split("/")[:3]) for name in files if name.count("/") > 2}
    (home,) = homes
    return home[2], {name.removeprefix("/".join(home) + "/"): body for name, body in files.items()
                     if name.startswith("/".join(home))}


def test_the_whole_run_comes_back(run, tmp_path):
    zipfile.ZipFile(io.BytesIO(rc.exports.archive(run))).extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    again = rc.load(folder)
    assert again.digest() == run.digest() and again.log == run.log and list(again.tape) == list(run.tape)


def test_mlflow_finds_what_the_run_holds(run):
    run_id, files = store(rc.exports.mlflow(run, name="my run", started=1_700_000_000.0))
    meta = yaml.safe_load(files["meta.yaml"])
    assert re.fullmatch("[0-9a-f]{32}", run_id) and meta["run_id"] == meta["run_uuid"] == run_id
    assert (meta["run_name"], meta["status"], meta["lifecycle_stage"]) == ("my run", 3, "active")
    assert meta["start_time"] == 1_700_000_000_000 <= meta["end_time"]
    params = {name.split("/")[1]: body.decode() for name, body in files.items() if name.startswith("params/")}
    assert params == {k: str(v) for k, v in run.spec.flat().items() if v != ""}
    for key in ("loss", "held_out", "metric", "gradient_norm", "learning_rate"):
        lines = [line.split(" ") for line in files[f"metrics/{key}"].decode().splitlines()]
        kept = run.history.dropna(subset=[key])
        assert [int(step) for _, _, step in lines] == list(kept["update"])
        assert [float(value) for _, value, _ in lines] == list(kept[key])
        stamps = [int(stamp) for stamp, _, _ in lines]
        assert stamps == sorted(stamps) and stamps[0] >= 1_700_000_000_000
    assert files["tags/mlflow.runName"] == b"my run" and files["tags/rnn_explorer.digest"].decode() == run.digest()
    assert rc.Experiment.from_json(files["tags/rnn_explorer.record"].decode()) == run.spec
    assert {"artifacts/weights.safetensors", "artifacts/reproduce.ipynb", "artifacts/run/manifest.json"} <= set(files)


def test_a_hostile_name_is_a_name_and_nothing_more(run):
    data = rc.exports.mlflow(run, name=HOSTILE, started=float("nan"))
    names = list(opened(data))
    assert all(PART.fullmatch(part) for name in names for part in name.split("/"))
    assert names == list(opened(rc.exports.mlflow(run)))
    _, files = store(data)
    meta = yaml.safe_load(files["meta.yaml"])
    assert meta["run_name"] == "=cmd|' /C calc'!A0 \"../../x - \U0001f600 <b>" and meta["start_time"] == 0
    assert files["tags/mlflow.runName"].decode() == meta["run_name"]


@pytest.mark.parametrize(("status", "code"), [("done", 3), ("diverged", 4), ("running", 5), ("ready", 5)])
def test_a_run_that_did_not_reach_its_end_says_so(run, status, code):
    other = run.then(20)
    other.status = status
    _, files = store(rc.exports.mlflow(other))
    assert yaml.safe_load(files["meta.yaml"])["status"] == code


def test_every_kind_is_the_same_bytes_again_and_gets_what_it_asks_for(run):
    for kind in rc.exports.EXPORTS:
        first, second = (rc.exports.take(kind, run, name="n", started=1.0, made_with="m") for _ in range(2))
        assert first == second and isinstance(first, bytes) and first
        assert PART.fullmatch(rc.exports.file_name(kind, run.spec))


def test_no_file_tells_of_the_machine(run, project):
    for kind in rc.exports.EXPORTS:
        data = rc.exports.take(kind, run)
        parts = opened(data).values() if kind in ("archive", "mlflow") else [data]
        assert not any(str(project).encode() in part for part in parts)
