"""The explorer in a terminal: ``python -m rnn_core rows|list|train|verify|without-memory``."""
from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from tqdm.auto import tqdm

import rnn_core as rc
from rnn_core.race.without_memory import WINDOWS, keep, measure
from rnn_core.verify import chosen, record, statuses, verifying


class Trouble(click.ClickException):
    """One sentence on the error stream, and exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Write the sentence."""
        click.echo(self.message, err=True)


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
@click.version_option(rc.VERSION, message="%(version)s")
def main() -> None:
    """The RNN explorer in a terminal."""


@main.command()
@as_json
def rows(as_json: bool) -> None:
    """List every row of the catalogue with its status: to come, built or verified."""
    status = statuses()
    table = [{"row": r["row"], "status": status[r["row"]]} | r for r in rc.rows()]
    if as_json:
        return show(table)
    click.echo("\n".join(columns([r["row"], r["status"], r["title"], r["reference"]] for r in table)))
    counts = [f"{sum(s == kind for s in status.values())} {kind}" for kind in ("verified", "built", "to come")]
    click.echo(f"\n{len(table)} rows: {', '.join(counts)}.")


@main.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List what there is: architectures, wirings, tasks, learners and analyses, each with its name and one sentence."""
    kinds = {"architectures": rc.architectures(), "wirings": rc.wirings(), "tasks": rc.tasks(),
             "learners": rc.learners(), "analyses": rc.analyses()}
    if as_json:
        return show({kind: {name: {"title": c.title, "row": c.row, "year": c.year, "reference": c.reference,
                                   "summary": c.summary, "equations": c.equations} for name, c in cards.items()}
                     for kind, cards in kinds.items()})
    for kind, cards in kinds.items():
        click.echo(kind)
        click.echo("\n".join(f"  {line}" for line in columns([n, c.row, c.summary] for n, c in cards.items())))


@main.command()
@click.argument("architecture")
@click.argument("task")
@click.argument("learner", default="bptt")
@click.option("--wiring", default="single", help="How the cells are wired.")
@click.option("--seed", default="0", help="The start of every random stream.")
@click.option("--device", default="cpu", help="cpu, cuda or mps.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE",
              help="A setting, such as hidden_size=32; may be repeated.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder to save the run in.")
@as_json
def train(architecture: str, task: str, learner: str, wiring: str, seed: str, device: str, settings: tuple[str, ...],
          out: Path | None, as_json: bool) -> None:
    """Train ARCHITECTURE on TASK with LEARNER (bptt unless named)."""
    query = dict(pair(text) for text in settings) | {"architecture": architecture, "task": task, "learner": learner,
                                                     "wiring": wiring, "seed": seed, "device": device}
    try:
        spec = rc.Experiment.from_query(query)
        run = rc.train(spec)
        if out is not None:
            run.save(out)
    except (ValueError, OSError) as error:
        raise Trouble(str(error)) from None
    last, baseline, name = run.records[-1], run.task.baseline(), run.task.metric_name
    told = {"id": spec.id, "status": run.status, "reason": run.reason, "update": run.update, "metric_name": name,
            **{key: finite(last[key]) for key in ("loss", "held_out", "metric", "seconds")},
            "baseline": baseline.value, "experiment": spec.to_query()}
    if as_json:
        show(told)
    else:
        click.echo("\n".join(columns(summary(told, baseline.sentence, run.task.metric_better))))
        if out is not None:
            click.echo(f"Saved in {out}.")
    if run.status == "diverged":
        click.echo(run.reason, err=True)
        raise SystemExit(1)


@main.command()
@click.argument("rows", nargs=-1)
@click.option("--quick", is_flag=True, help="Leave out the checks that train for long.")
@click.option("--record", "write", is_flag=True, help="Write the results into the package, for the list of rows.")
@as_json
def verify(rows: tuple[str, ...], quick: bool, write: bool, as_json: bool) -> None:
    """Run the checks of ROWS, or of all that have checks; exit code 1 if any fails."""
    if write and quick:
        raise Trouble("Only whole results are recorded: leave out --quick.")
    try:
        wanted = chosen(rows or None)
    except ValueError as error:
        raise Trouble(str(error)) from None
    found = []
    for one in tqdm(verifying(wanted, long=not quick), desc="verify", unit="check", disable=None):
        found.append(one)
        if not as_json:
            with tqdm.external_write_mode():
                click.echo(line(one))
    if write:
        record(found)
    if as_json:
        show(found)
    else:
        passed = sum(one["passed"] for one in found)
        click.echo(f"{passed} of {len(found)} checks passed, {sum(one['seconds'] for one in found):.1f} s.")
    if not all(one["passed"] for one in found):
        raise SystemExit(1)


@main.command()
@click.argument("tasks", nargs=-1)
@click.option("--limit", default=40.0, show_default=True, help="Most seconds of computing for one task.")
@click.option("--window", "windows", multiple=True, type=int, help="A window to try; may be repeated.")
@click.option("--record", "write", is_flag=True, help="Write the results into the package, for the page Train.")
@as_json
def without_memory(tasks: tuple[str, ...], limit: float, windows: tuple[int, ...], write: bool, as_json: bool) -> None:
    """Measure the best window net on TASKS, or on all, at their default settings; exit code 1 if any cannot be."""
    names, found, failed = tasks or tuple(rc.tasks()), [], False
    for name in tqdm(names, desc="without memory", unit="task", disable=None):
        try:
            one = measure(name, limit=limit, windows=tuple(sorted(set(windows))) or WINDOWS)
        except ValueError as error:
            failed = True
            click.echo(f"{name}: {error}", err=True)
            continue
        if write:
            keep(one)
        found.append(one.model_dump(mode="json"))
        if not as_json:
            with tqdm.external_write_mode():
                click.echo(f"{name}: {one.metric} {one.median:.4g}. {one.says}")
    if as_json:
        show(found)
    if failed:
        raise SystemExit(1)


def line(one: dict[str, Any]) -> str:
    """One finding in one line."""
    word = "passed" if one["passed"] else "FAILED"
    return f"{word}  {one['row']:<4}{one['check']}: expected {one['expected']}, measured {one['measured']}"


def summary(told: dict[str, Any], sentence: str, better: str) -> Iterable[list[str]]:
    """What a training ended with, as rows of a small table."""
    yield ["updates", f"{told['update']}, {told['status']}, {told['seconds']:.1f} s"]
    if told["loss"] is not None:
        yield ["loss", f"{told['loss']:.4g}"]
    if told["metric"] is not None:
        yield ["held-out loss", f"{told['held_out']:.4g}"]
        yield [f"held-out {told['metric_name']}", f"{told['metric']:.4g}   ({better} is better)"]
    yield ["baseline", f"{told['baseline']:.4g}   ({sentence})"]
    yield ["run", told["id"]]


def finite(value: float | None) -> float | None:
    """A number that JSON can carry, or nothing."""
    return value if value is not None and math.isfinite(value) else None


def pair(text: str) -> tuple[str, str]:
    """NAME=VALUE as two words; raises Trouble for anything else."""
    name, sign, value = text.partition("=")
    if not sign:
        raise Trouble(f"“{text[:40]}” is no setting: write name=value.")
    return name, value


def show(value: Any) -> None:
    """Print JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False))


def columns(table: Iterable[list[str]]) -> list[str]:
    """Lines with every column but the last as wide as its longest word, combining marks not counted."""
    table = [list(row) for row in table]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)][:-1]
    return ["  ".join([*(cell + " " * (w - width(cell)) for cell, w in zip(row, widths, strict=False)), row[-1]])
            for row in table]


def width(text: str) -> int:
    """How many places a text takes."""
    return sum(not unicodedata.combining(c) for c in text)


if __name__ == "__main__":
    main(prog_name="python -m rnn_core")
