"""Saved runs: what comes back is what was saved, and a damaged folder says so in one sentence and is left alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

import rnn_core as rc
from rnn_core import experiment, saving
from rnn_core.run import read_checkpoint
from tests.cells.cases import identical, one_sentence

SPEC = rc.Experiment.of("lstm", "adding", hidden_size=3, length=5, batch_size=4, updates=10, ragged=True)


@pytest.fixture(scope="module")
def run() -> rc.Run:
    """A short run, its learning rate changed on the way."""
    return rc.train(SPEC, [rc.Command(update=4, name="learning_rate", value=0.02)], quiet=True)


@pytest.fixture
def folder(run, tmp_path) -> Path:
    """That run in a folder."""
    run.save(tmp_path / "kept")
    return tmp_path / "kept"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write_again(folder: Path, **files: bytes) -> None:
    """Replace files of a saved run, and make the manifest agree with them."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name, data in files.items():
        path = next(folder.glob(f"{name}.*"))
        path.write_bytes(data)
        manifest["sha256"][path.name] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_bytes(saving.seal(manifest))


def refused(folder: Path) -> str:
    """Why the folder is not read; nothing in it may have changed by asking."""
    before = contents(folder) if folder.is_dir() else {}
    with pytest.raises(rc.DamagedRun) as caught:
        rc.load(folder)
    assert (contents(folder) if folder.is_dir() else {}) == before
    one_sentence(str(caught.value))
    return str(caught.value)


def test_a_run_comes_back_whole(run, folder):
    again = rc.load(folder)
    assert again.spec == run.spec and again.digest() == run.digest() and again.log == run.log
    assert (again.update, again.status, again.reason, again.seconds) == (10, "done", "", run.seconds)
    assert again.history.equals(run.history)
    assert list(again.tape) == list(run.tape)
    for moment, weights in run.tape.items():
        identical(again.at(moment).state_dict(), weights)


def test_a_run_that_came_back_goes_on_as_if_it_had_not_left(tmp_path):
    whole = rc.train(SPEC, [rc.Command(update=10, name="updates", value=14)], quiet=True)
    half = rc.train(SPEC, quiet=True)
    half.save(tmp_path)
    again = rc.load(tmp_path)
    again.obey("updates", 14)
    for _ in again.training():
        pass
    assert again.digest() == whole.digest() and again.status == "done" and list(again.tape) == list(whole.tape)
    columns = [c for c in again.history if c != "seconds"]
    assert again.history[columns].equals(whole.history[columns])


def test_an_untouched_and_a_diverged_run_come_back(tmp_path):
    fresh = rc.Run(SPEC)
    fresh.save(tmp_path / "fresh")
    again = rc.load(tmp_path / "fresh")
    assert again.digest() == fresh.digest() and again.status == "ready" and again.history.empty
    wild = rc.train(SPEC.with_(learning_rate=10.0, optimiser="sgd", clip=0.0, updates=500), quiet=True)
    assert wild.status == "diverged"
    wild.save(tmp_path / "wild")
    again = rc.load(tmp_path / "wild")
    assert (again.status, again.reason, again.digest()) == ("diverged", wild.reason, wild.digest())


def test_saving_again_replaces_and_leaves_no_halves(folder):
    other = rc.train(SPEC.with_(seed=1), quiet=True)
    other.save(folder)
    assert rc.load(folder).digest() == other.digest()
    assert sorted(contents(folder)) == sorted([*saving.FILES, "manifest.json"])


def test_a_saved_run_is_plain_data(folder):
    for name, data in contents(folder).items():
        if name.endswith(".safetensors"):
            safetensors.torch.load(data)
        elif name.endswith(".json"):
            json.loads(data)
        else:
            assert name == "history.csv" and data.decode().startswith("update,loss")


def test_every_flipped_byte_of_the_manifest_is_noticed(folder):
    path = folder / "manifest.json"
    good = path.read_bytes()
    for k in range(0, len(good), 7):
        path.write_bytes(good[:k] + bytes([good[k] ^ 1]) + good[k + 1:])
        refused(folder)


@pytest.mark.parametrize("name", saving.FILES)
@pytest.mark.parametrize("where", [0, 8, 0.3, 0.7, -1])
def test_a_flipped_byte_is_noticed(folder, name, where):
    data = bytearray((folder / name).read_bytes())
    data[int(where * len(data)) if isinstance(where, float) else where] ^= 64
    (folder / name).write_bytes(data)
    assert name in refused(folder)


@pytest.mark.parametrize("name", [*saving.FILES, "manifest.json"])
def test_a_missing_a_truncated_and_an_empty_file_are_noticed(folder, name):
    good = (folder / name).read_bytes()
    for data in (good[:len(good) // 2], b""):
        (folder / name).write_bytes(data)
        refused(folder)
    (folder / name).unlink()
    assert name in refused(folder)


def test_no_folder_and_a_file_in_its_place(tmp_path):
    assert "nothing" in refused(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    refused(tmp_path / "file")
    refused(tmp_path)


def test_another_schema(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(saving.seal({**manifest, "schema": 2}))
    assert "schema 2" in refused(folder)
    write_again(folder, experiment=json.dumps({**json.loads(SPEC.to_json()), "schema": 99}).encode())
    refused(folder)


@pytest.mark.parametrize("garbage", [b"", b"null", b"7", b"[]", b"{}", b'"x"', b"[[1, 2]]", b"\xff\xfe", b"[" * 100_000,
                                     b"1" * 5000, b'{"schema": 1}', b'{"schema": 1, "sha256": 3}', b"{" * 9 + b"}"])
def test_garbage_in_the_manifest(folder, garbage):
    (folder / "manifest.json").write_bytes(garbage)
    refused(folder)


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"schema": 1}',
                                     b'{"schema": 1, "task": 3}', b'{"schema": 1, "learning_rate": [["\\n"]]}',
                                     b"\x00" * 64, b"update,loss\n1,x\n", b"update\n\n5\n9\n", b"loss\n3\n",
                                     b"update,loss\n0,1,2,3,4,5,6,7,8,9\n"])
@pytest.mark.parametrize("name", ["experiment", "checkpoint", "history", "tape"])
def test_garbage_under_a_true_manifest(folder, name, garbage):
    write_again(folder, **{name: garbage})
    refused(folder)


def test_the_record_of_another_experiment(folder):
    write_again(folder, experiment=SPEC.with_(seed=5).to_json().encode())
    assert "another experiment" in refused(folder)


@pytest.mark.parametrize("status", ["", "broken", None, 5, ["done"]])
def test_an_unknown_status(folder, status):
    manifest = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(saving.seal({**manifest, "status": status}))
    if status is not None:
        refused(folder)


def repack(checkpoint: bytes, change) -> bytes:
    """A checkpoint after ``change(tensors, facts)``."""
    tensors, facts = read_checkpoint(checkpoint)
    change(tensors, facts)
    return safetensors.torch.save(tensors, {"facts": json.dumps(facts)})


WRONG = {
    "weight of another shape": lambda t, f: t.update({"network.cells.0.W": torch.zeros(2, 2)}),
    "weight missing": lambda t, f: t.pop("network.cells.0.W"),
    "weight too many": lambda t, f: t.update({"network.more": torch.zeros(1)}),
    "moment of another shape": lambda t, f: t.update({"learner.0.exp_avg": torch.zeros(9)}),
    "moment of nobody": lambda t, f: t.update({"learner.99.exp_avg": torch.zeros(9)}),
    "moment without a name": lambda t, f: t.update({"learner.exp_avg": torch.zeros(9)}),
    "moment missing": lambda t, f: t.pop("learner.0.exp_avg_sq"),
    "all moments missing": lambda t, f: [t.pop(k) for k in list(t) if k.startswith("learner.")],
    "stream missing": lambda t, f: t.pop("stream.data"),
    "stream too short": lambda t, f: t.update({"stream.data": torch.zeros(3, dtype=torch.uint8)}),
    "stream of numbers": lambda t, f: t.update({"stream.data": torch.zeros(5056)}),
    "learner unknown": lambda t, f: f.update(learner={}),
    "learner a list": lambda t, f: f.update(learner=[1]),
    "learner's rate out of range": lambda t, f: f["learner"]["settings"].update(learning_rate=1e9),
    "learner's settings too many": lambda t, f: f["learner"]["settings"].update(surprise=1),
    "update a word": lambda t, f: f.update(update="many"),
    "update negative": lambda t, f: f.update(update=-3),
    "update infinite": lambda t, f: f.update(update=float("inf")),
    "log a word": lambda t, f: f.update(log="x"),
    "log with a strange command": lambda t, f: f.update(log=[{"update": -1, "name": "x", "value": 0}]),
    "obeyed a word": lambda t, f: f.update(obeyed="x"),
    "no facts": lambda t, f: f.clear(),
    "no seconds": lambda t, f: f.pop("seconds"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_checkpoint_that_does_not_fit(run, folder, wrong):
    data = repack(run.checkpoint(), WRONG[wrong])
    write_again(folder, checkpoint=data)
    refused(folder)
    with pytest.raises(ValueError) as caught:
        rc.Run.resume(SPEC, data)
    one_sentence(str(caught.value))


def test_a_run_of_a_device_that_is_not_here(run, folder, monkeypatch):
    monkeypatch.setattr(experiment, "device_exists", lambda device: False)
    assert "This machine has no cpu" in refused(folder)


def test_a_tape_of_another_network(run, folder):
    other = rc.Run(SPEC.with_(hidden_size=4)).network.state_dict()
    write_again(folder, tape=saving.pack_tape({0: dict(other)}))
    assert "tape" in refused(folder)


def test_a_copied_folder_is_as_good(run, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "ünïcode ’s copy")
    assert rc.load(str(tmp_path / "ünïcode ’s copy")).digest() == run.digest()


def test_a_setting_that_came_later_neither_renames_nor_disowns_a_run(run, folder):
    """A run saved before a setting was there is read as one with the setting's default."""
    older = {k: v for k, v in json.loads(SPEC.to_json()).items() if k != "forget_bias"}
    data = (folder / "checkpoint.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    facts = json.loads(header["__metadata__"]["facts"]) | {"spec": json.dumps(older)}
    header["__metadata__"]["facts"] = json.dumps(facts)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    write_again(folder, experiment=json.dumps(older).encode(),
                checkpoint=len(text).to_bytes(8, "little") + text + data[8 + size:])
    again = rc.load(folder)
    assert again.spec == SPEC and again.spec.id == SPEC.id and again.digest() == run.digest()
    assert SPEC.id != SPEC.with_(forget_bias=0.5).id != SPEC.with_(forget_bias=0.25).id
