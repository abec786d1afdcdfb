"""The notebook of a run: executed, it trains the same run again, bit for bit, and tells another one apart."""

from __future__ import annotations

import nbclient
import nbformat
import pytest

import rnn_core as rc
from tests.exports.conftest import SPEC


def executed(data: bytes) -> nbformat.NotebookNode:
    """The notebook, run from top to bottom."""
    book = nbformat.reads(data.decode(), 4)
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3", store_widget_state=False).execute()
    return book


def printed(book: nbformat.NotebookNode) -> str:
    """What it wrote."""
    return "".join(out.get("text", "") for cell in book.cells for out in cell.get("outputs", [])
                   if out.get("name") == "stdout")


def run_cells(data: bytes, upto: str) -> dict:
    """The namespace after the code cells up to the one that says ``upto``, in this process."""
    space: dict = {}
    for cell in nbformat.reads(data.decode(), 4).cells:
        if cell.cell_type == "code":
            code = compile(cell.source, "cell", "exec")
            exec(code, space)
            if upto in cell.source:
                return space
    raise AssertionError(f"No cell says {upto}.")


@pytest.mark.timeout(180)
def test_executed_it_is_the_same_run_bit_for_bit(run):
    book = executed(rc.exports.notebook(run, made_with="a lathe"))
    assert printed(book) == "The same, bit for bit.\n"
    kinds = {kind for cell in book.cells for out in cell.get("outputs", []) for kind in out.get("data", {})}
    assert {"application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json"} <= kinds


def left_at(update: int, *commands: tuple[str, float], log: tuple[rc.Command, ...] = ()) -> rc.Run:
    """A run that was left at an update, right after these commands; those of its ``log`` act by themselves."""
    run = rc.Run(SPEC, log)
    work = run.training()
    for step in work:
        if step.update == update:
            for name, value in commands:
                work.send(rc.Command(update=0, name=name, value=value))
            return run
    raise AssertionError


RUNS = {
    "left in the middle": lambda: left_at(7),
    "left right after a change": lambda: left_at(9, ("learning_rate", 0.03), ("clip", 0.5)),
    "left right before a change": lambda: left_at(9, log=(rc.Command(update=9, name="clip", value=0.5),)),
    "left at the start": lambda: left_at(0),
    "with more updates than its record": lambda: rc.train(SPEC, [rc.Command(update=5, name="updates", value=23)],
                                                          quiet=True),
    "diverged": lambda: rc.train(SPEC.with_(architecture="elman", activation="linear", gain=3.0, optimiser="sgd",
                                            learning_rate=10.0, clip=0.0, length=30, updates=200), quiet=True),
    "text": lambda: rc.train(rc.Experiment.of("gru", "next_character", hidden_size=3, batch_size=2, updates=3,
                                              length=9), quiet=True),
}


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_is_found_again(name, capsys):
    run = RUNS[name]()
    space = run_cells(rc.exports.notebook(run), "run.digest()")
    assert space["run"].digest() == run.digest() and space["run"].log == run.log[: run.obeyed]
    assert space["apart"] == 0.0 and "bit for bit" in capsys.readouterr().out
    assert run.status != "diverged" or run.update < 200


def test_a_small_difference_is_told_and_a_large_one_refused(run, capsys):
    text = rc.exports.notebook(run, made_with="another machine").decode()
    changed = text.replace(run.digest(), "0" * 16)
    first = next(r["loss"] for r in run.records if r["loss"] is not None)
    near = changed.replace(repr(first), repr(first * (1 + 5e-5)))
    run_cells(near.encode(), "run.digest()")
    said = capsys.readouterr().out
    assert "another machine" in said and "first 20 losses differ by at most 5.0e-05" in said
    with pytest.raises(AssertionError, match="another run"):
        run_cells(changed.replace(repr(first), repr(first * 1.001)).encode(), "run.digest()")


def test_what_a_stranger_says_of_the_machine_stays_a_text(run):
    hostile = "\"\"\"); import os  # ' \n{boom} \\"
    space = run_cells(rc.exports.notebook(run, made_with=hostile), "run.digest()")
    assert space["made_with"] == hostile


def test_it_is_a_valid_notebook_without_outputs(run):
    book = nbformat.reads(rc.exports.notebook(run).decode(), 4)
    nbformat.validate(book)
    assert all(not cell.get("outputs") for cell in book.cells) and len({c["id"] for c in book.cells}) == len(book.cells)
