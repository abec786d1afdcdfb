"""The explorer in a terminal: what it prints, and that what is wrong is said in one sentence with exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import rnn_core as rc
from rnn_core.__main__ import columns, main

OPEN = next(r["row"] for r in rc.rows() if r["row"] not in sys.modules["rnn_core.verify"].checked_rows())
SMALL = ["--set", "hidden_size=4", "--set", "updates=3", "--set", "length=12"]


@pytest.fixture
def call():
    """Call the command with some words; gives the outcome."""
    def called(*words: str):
        return CliRunner().invoke(main, list(words), catch_exceptions=False)
    return called


def test_rows(call):
    shown = call("rows")
    assert shown.exit_code == 0 and len(shown.stdout.splitlines()) == 112
    assert shown.stdout.splitlines()[-1].startswith("110 rows: ")
    table = json.loads(call("rows", "--json").stdout)
    assert [r["row"] for r in table] == [r["row"] for r in rc.rows()]
    status = {r["row"]: r["status"] for r in table}
    assert set(status.values()) <= {"to come", "built", "verified"} and "to come" in status.values()
    assert status["A7"] == "verified" and status["A9"] == "verified"


def test_list(call):
    shown = call("list").stdout
    assert [line for line in shown.splitlines() if not line.startswith(" ")] == [
        "architectures", "wirings", "tasks", "learners", "analyses"]
    listed = json.loads(call("list", "--json").stdout)
    assert list(listed["architectures"]) == list(rc.architectures()) and list(listed["tasks"]) == list(rc.tasks())
    assert listed["architectures"]["gru"]["row"] == "A8"


def test_train_prints_loss_metric_and_baseline_and_saves(call, tmp_path):
    shown = call("train", "elman", "temporal_xor", "--seed", "3", *SMALL, "--out", str(tmp_path / "run"))
    assert shown.exit_code == 0
    words = {line.split("  ")[0] for line in shown.stdout.splitlines()}
    assert {"updates", "loss", "held-out mean squared error", "baseline", "run"} <= words
    run = rc.load(tmp_path / "run")
    assert (run.update, run.spec.seed, run.spec.hidden_size) == (3, 3, 4) and run.spec.id in shown.stdout
    assert "3/3" in shown.stderr


def test_train_as_json_is_what_the_library_gives(call):
    told = json.loads(call("train", "gru", "adding", "bptt", *SMALL, "--json").stdout)
    run = rc.train(rc.Experiment.of("gru", "adding", hidden_size=4, updates=3, length=12), quiet=True)
    assert told["loss"] == run.records[-1]["loss"] and told["metric"] == run.records[-1]["metric"]
    assert told["id"] == run.spec.id and told["baseline"] == run.task.baseline().value
    assert rc.Experiment.from_query(told["experiment"]) == run.spec


def test_train_tells_of_divergence(call):
    wild = ("updates=200", "clip=0", "learning_rate=10", "optimiser=sgd", "activation=linear", "gain=5")
    shown = call("train", "elman", "adding", *SMALL[:2], *(word for one in wild for word in ("--set", one)), "--json")
    told = json.loads(shown.stdout)
    assert shown.exit_code == 1 and told["status"] == "diverged" and "iverged at update" in told["reason"]
    assert told["reason"] in shown.stderr


@pytest.mark.parametrize(("words", "sentence"), [
    (["train", "elmo", "adding"], "There is no architecture “elmo”"),
    (["train", "elman", "sums"], "There is no task “sums”"),
    (["train", "elman", "adding", "magic"], "There is no learner “magic”"),
    (["train", "elman", "adding", "--wiring", "knot"], "There is no wiring “knot”"),
    (["train", "hopfield", "adding"], "A Hopfield network does not run along a sequence"),
    (["train", "elman", "adding", "--set", "lag=3"], "There is no setting “lag”"),
    (["train", "elman", "adding", "--set", "hidden_size=0"], "Hidden size should be"),
    (["train", "elman", "adding", "--set", "hidden_size=many"], "Hidden size should be"),
    (["train", "elman", "adding", "--set", "hidden_size"], "“hidden_size” is no setting: write name=value."),
    (["train", "elman", "adding", "--seed", "-1"], "Seed should be"),
    (["train", "elman", "adding", "--device", "toaster"], "Device should be"),
    (["verify", "Z9"], "There is no row “Z9”"),
    (["verify", OPEN], f"Row {OPEN} has no checks yet"),
    (["verify", "A22", "--quick", "--record"], "Only whole results are recorded"),
])
def test_what_is_wrong_is_one_sentence(call, words, sentence):
    shown = call(*words)
    assert shown.exit_code == 2 and shown.stdout == ""
    assert shown.stderr.startswith(sentence) and len(shown.stderr.splitlines()) == 1 and shown.stderr.endswith(".\n")


def test_a_folder_that_cannot_be_written_is_one_sentence(call, tmp_path):
    (tmp_path / "file").write_text("")
    shown = call("train", "elman", "adding", *SMALL, "--out", str(tmp_path / "file" / "run"))
    assert shown.exit_code == 2 and "Traceback" not in shown.stderr


def test_verify_passes(call):
    shown = call("verify", "a22")
    assert shown.exit_code == 0 and shown.stdout.splitlines()[-1].startswith("9 of 9 checks passed")
    records = json.loads(call("verify", "A22", "--json").stdout)
    assert {tuple(r) for r in records} == {("row", "check", "expected", "measured", "passed", "seconds")}
    assert all(r["passed"] for r in records)


def test_verify_fails_with_exit_code_1(call, monkeypatch):
    kind = type(rc.make_cell("recursive", 1))
    honest = kind.compose
    monkeypatch.setattr(kind, "compose", lambda self, x, pair: honest(self, x, pair[::-1]))
    shown = call("verify", "A22", "--json")
    assert shown.exit_code == 1 and not all(r["passed"] for r in json.loads(shown.stdout))
    assert "FAILED  A22" in call("verify", "A22").stdout


def test_it_runs_as_a_module():
    command = [sys.executable, "-W", "error", "-m", "rnn_core", "--version"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (shown.returncode, shown.stdout.strip(), shown.stderr) == (0, rc.__version__, "")


def test_columns_line_up():
    assert columns([["a", "bb", "c"], ["ccc", "d", "e"]]) == ["a    bb  c", "ccc  d   e"]
