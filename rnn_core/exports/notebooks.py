"""A notebook that does a run again and checks that it came out the same."""
from __future__ import annotations

import json
import re

import torch

from rnn_core.run import Run

FIRST = 50
CLOSE = 1e-4
SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def notebook(run: Run, *, made_with: str = "") -> bytes:
    """The run as an .ipynb: its record, its log of changes, the training up to where the run stands, and the check.

    On the machine, torch and thread count of the run the numbers come out bit for bit, as the digest of weights,
    learner and random streams tells; elsewhere the first 50 losses have to agree within 10⁻⁴ of themselves. After that
    it draws the curve and one held-out sequence in the viewer. ``made_with`` says on what the run was made.
    """
    import nbformat
    from nbformat import v4

    cells = [make(text) for make, text in _cells(run, made_with or f"torch {torch.__version__}", v4)]
    for k, cell in enumerate(cells):
        cell["id"] = f"cell-{k}"
    book = v4.new_notebook(cells=cells, metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"}})
    nbformat.validate(book)
    return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()


def _cells(run: Run, made_with: str, v4: object) -> list[tuple[object, str]]:
    """Text and code by turns."""
    text, code = v4.new_markdown_cell, v4.new_code_cell
    stood = {"done": "is done", "diverged": "diverged"}.get(run.status, "was left")
    cell, task = type(run.network.cells[0]).card.title, type(run.task).card.title
    return [
        (text, f"# {_plain(cell)} on {_plain(task)}, once more\n\nThis notebook trains one run of the RNN explorer "
               f"again: the same record, the same changes on the way, up to update {run.update:,}, where it {stood}. "
               "Then it checks that the numbers are the same, and shows them."),
        (code, f"import rnn_core as rc\n\n{_record(run)}"),
        (text, "What was changed while it ran, and after how many updates:"),
        (code, _log(run)),
        (text, "## Train it\n\nOn one thread, as the explorer does: then sums are taken in the same order."),
        (code, _training(run)),
        (text, "## Is it the same?\n\nThe digest is a hash of all weights, of the learner and of the random streams, "
               "equal if and only if the runs stand bitwise alike, as they do on the same machine, torch and number of "
               f"threads. Elsewhere sums may be rounded in another order; then the first {FIRST} losses have to agree "
               "within one ten-thousandth of themselves."),
        (code, _check(run, made_with)),
        (text, "## What it learnt"),
        (code, "rc.figures.learning_curve(run.history, run.task.baseline(), run.log, name=run.task.loss_name)"),
        (text, "## What it remembers\n\nOne held-out sequence under one time cursor; the slider winds training back."),
        (code, _viewer()),
    ]


def _record(run: Run) -> str:
    flat = run.spec.flat()
    names = [flat.pop(part) for part in ("architecture", "task", "learner")]
    settings = [f"    {key}={value!r}," for key, value in flat.items() if value != ""]
    return "\n".join(["spec = rc.Experiment.of(", *(f"    {name!r}," for name in names), *settings, ")"])


def _log(run: Run) -> str:
    lines = [f"    rc.Command(update={c.update}, name={c.name!r}, value={c.value!r})," for c in run.log[:run.obeyed]]
    return "\n".join(["log = [", *lines, "]"]) if lines else "log = []"


def _training(run: Run) -> str:
    if run.finished:
        return "run = rc.train(spec, log)\nrun.history.dropna().tail()"
    return (f"import torch\n\ntorch.set_num_threads(1)\nrun = rc.Run(spec, log)\nfor _ in run.training():\n"
            f"    if run.update == {run.update}:\n        break\nfor command in run.log:\n"
            f"    if command.update == {run.update}:\n        run.learner.change(command.name, command.value)\n"
            "run.history.tail()")


def _check(run: Run, made_with: str) -> str:
    losses = [r["loss"] for r in run.records if r["loss"] is not None][:FIRST]
    listed = "".join(f"    {loss!r},\n" for loss in losses)
    return (f"digest = {run.digest()!r}\nmade_with = {made_with!r}\nlosses = [\n{listed}]\n\n"
            "here = run.history.loss.dropna().head(len(losses)).tolist()\n"
            "apart = max((abs(a - b) / max(abs(a), abs(b), 1e-12) for a, b in zip(here, losses, strict=True)), "
            "default=0.0)\n"
            "if run.digest() == digest:\n    print(\"The same, bit for bit.\")\nelse:\n"
            "    print(f\"Made with {made_with}; here the first {len(losses)} losses differ by at most {apart:.1e} of "
            "themselves.\")\n"
            f"    assert apart <= {CLOSE}, \"This is another run.\"")


def _viewer() -> str:
    return ("one = run.held_out.rows(slice(0, 1))\n"
            "tape = sorted(run.tape)[:: max(1, len(run.tape) // 30)]\n"
            "moments = [(update, run.at(update).trace(one.x, mask=one.mask)) for update in tape]\n"
            "moments.append((run.update, run.network.trace(one.x, mask=one.mask)))\n"
            "story = run.task.story(one, 0, moments[-1][1].outputs.detach())\n"
            "rc.viewer.Viewer.of(rc.viewer.timeline(moments[-1][1], batch=one, story=story, moments=moments))")


def _plain(text: str) -> str:
    """Any text as markdown that shows just that text."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))
