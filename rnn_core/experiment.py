"""The experiment: one frozen record that is the page's link, the notebook's cell, a saved run's header and its name."""
from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal, get_args

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rnn_core import catalogue
from rnn_core.cells.base import Cell
from rnn_core.networks.base import Network
from rnn_core.records import Settings, Streams
from rnn_core.tasks.base import Task

SCHEMA = 1
PARTS = {"architecture": catalogue.cell_classes, "wiring": catalogue.network_classes, "task": catalogue.task_classes,
         "learner": catalogue.learner_classes}
DEFAULTS = {"architecture": "lstm", "wiring": "single", "task": "adding", "learner": "bptt"}


class Experiment(BaseModel):
    """What to run: architecture, wiring, task and learner with all their settings, a seed, a device, the data's hash.

    Make one with ``Experiment.of``. Every setting can be read as an attribute: ``spec.hidden_size``. Two equal records
    give equal numbers, bitwise on one machine and thread count. Invalid names, values or pairs raise ValueError with
    one sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))
    architecture: str
    wiring: str = "single"
    task: str
    learner: str = "bptt"
    seed: int = Field(0, ge=0, le=2**31 - 1)
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    data: str = ""
    cell_settings: Settings
    wiring_settings: Settings
    task_settings: Settings
    learner_settings: Settings

    @classmethod
    def of(cls, architecture: str, task: str, learner: str = "bptt", *, wiring: str = "single", seed: int = 0,
           device: str = "cpu", **settings: Any) -> Experiment:
        """A record by names and settings; unmentioned settings have their defaults."""
        return cls._assemble({"architecture": architecture, "task": task, "learner": learner, "wiring": wiring,
                              "seed": seed, "device": device, **settings})

    @classmethod
    def _assemble(cls, flat: Mapping[str, Any]) -> Experiment:
        """A record from flat names and values."""
        left = dict(flat)
        names = {part: str(left.pop(part, DEFAULTS[part])) for part in PARTS}
        fields: dict[str, Any] = {**names, **{k: left.pop(k) for k in ("seed", "device") if k in left}}
        claimed = str(left.pop("data", ""))
        for part, name in names.items():
            options = PARTS[part]()
            if name not in options:
                raise ValueError(unknown(part, name, options))
            kind = options[name].Settings
            mine = {k: left.pop(k) for k in list(left) if k in kind.model_fields}
            fields[f"{'cell' if part == 'architecture' else part}_settings"] = build(kind, mine)
        if left:
            raise ValueError(f"There is no setting “{shown(next(iter(left)))}” in this experiment.")
        fields["data"] = _task(names["task"], fields["task_settings"], claimed).data_hash
        if claimed and claimed != fields["data"]:
            raise ValueError("The data of this experiment are not those of this machine, so its numbers would differ.")
        return build(cls, fields)

    @model_validator(mode="after")
    def _fits(self) -> Experiment:
        cell, task = catalogue.cell_classes()[self.architecture], catalogue.task_classes()[self.task]
        if task.runs_along not in cell.runs_along:
            raise ValueError(f"A {cell.card.title} does not run along a {task.runs_along}, as {task.card.title} needs.")
        wiring, learner = catalogue.network_classes()[self.wiring], catalogue.learner_classes()[self.learner]
        wiring.check(cell)
        task.check_wiring(wiring)
        learner.check(cell, task)
        learner.check_wiring(wiring)
        return self

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            for part in ("cell_settings", "wiring_settings", "task_settings", "learner_settings"):
                settings = self.__dict__.get(part)
                if settings is not None and name in type(settings).model_fields:
                    return getattr(settings, name)
        raise AttributeError(f"This experiment has no “{name}”.")

    def flat(self) -> dict[str, Any]:
        """Every field by name, the parts' settings among them."""
        own = {k: getattr(self, k) for k in (*PARTS, "seed", "device", "data")}
        for part in (self.cell_settings, self.wiring_settings, self.task_settings, self.learner_settings):
            own |= part.model_dump()
        return own

    def with_(self, **changes: Any) -> Experiment:
        """The same record with some fields changed; settings and words that another part does not know are dropped."""
        same = catalogue.task_classes()[self.task].takes_data and changes.get("task", self.task) == self.task
        flat = {k: v for k, v in self.flat().items() if k != "data" or same} | changes
        known = set(PARTS) | {"seed", "device", "data"} | set(changes)
        for part, options in PARTS.items():
            kind = options().get(flat[part])
            fields = kind.Settings.model_fields if kind else {}
            known |= set(fields)
            known -= {k for k in fields.keys() & flat.keys() - changes.keys()
                      if isinstance(flat[k], str) and flat[k] not in get_args(fields[k].annotation)}
        return self._assemble({k: v for k, v in flat.items() if k in known})

    def to_query(self) -> dict[str, str]:
        """Every field as text, for a page's address."""
        return {k: json.dumps(v) if isinstance(v, bool) else str(v) for k, v in self.flat().items() if v != ""}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Experiment:
        """The record of an address; ValueError, in one sentence, for anything unknown or out of range."""
        return cls._assemble(dict(query))

    @classmethod
    def mend(cls, query: Mapping[str, str]) -> tuple[Experiment, list[str]]:
        """The record of an address as far as it makes sense: what does not falls back to its default, with a notice."""
        good: dict[str, Any] = {}

        def take(*keys: str) -> str:
            """Accept these fields together; why not, or ""."""
            new = {k: query[k] for k in keys}
            try:
                cls._assemble(good | new)
            except ValueError as error:
                return str(error)
            good.update(new)
            return ""

        take(*(k for k, options in PARTS.items() if k in query and str(query[k]) in options()))
        rest = sorted(query.keys() - good.keys(), key=lambda k: (k not in PARTS, k == "data", k))
        notices = [why for why in map(take, rest) if why]
        spec = cls._assemble(good)
        if spec.device != "cpu" and not device_exists(spec.device):
            notices.append(f"This machine has no {spec.device}; the CPU takes its place.")
            spec = spec.with_(device="cpu")
        return spec, notices

    def to_json(self) -> str:
        """The record as JSON, fields in a fixed order."""
        return json.dumps({"schema": SCHEMA, **self.flat()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Experiment:
        """The record that ``to_json`` wrote; ValueError for any other text or a newer schema."""
        try:
            flat = dict(json.loads(text))
        except (RecursionError, TypeError, ValueError):
            raise ValueError("This is not an experiment's record.") from None
        if (schema := flat.pop("schema", None)) != SCHEMA:
            raise ValueError(f"This record has schema {shown(schema)}; this version reads schema {SCHEMA}.")
        return cls._assemble(flat)

    @property
    def id(self) -> str:
        """16 hex digits that name this record, and the run of it that nobody has touched.

        Settings that have their defaults are left out, so that a setting that comes later renames nothing.
        """
        own = {k: getattr(self, k) for k in (*PARTS, "seed", "device", "data")}
        for part in (self.cell_settings, self.wiring_settings, self.task_settings, self.learner_settings):
            own |= part.model_dump(exclude_defaults=True)
        text = json.dumps({"schema": SCHEMA, **own}, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def make_task(self) -> Task:
        """The task."""
        return _task(self.task, self.task_settings, self.data)

    def bytes_of_rule(self) -> int:
        """Bytes that the learner keeps at its peak beside weights, moments and states, as it says itself."""
        return catalogue.learner_classes()[self.learner].bytes_kept(self.make_network, self.learner_settings)

    def make_network(self, generator: torch.Generator | None = None) -> Network:
        """The network with fresh weights, from the seed's own stream unless another generator is given."""
        task, kind = self.make_task(), catalogue.cell_classes()[self.architecture]

        def make(input_size: int, output_size: int) -> Cell:
            return kind(input_size, self.cell_settings, output_size)

        network = catalogue.network_classes()[self.wiring].build(make, task.input_size, task.output_size,
                                                                 self.wiring_settings)
        network.initialise(generator or Streams.of(self.seed).weights)
        if not device_exists(self.device):
            raise ValueError(f"This machine has no {self.device}; choose cpu.")
        return network.to(self.device)


def _task(name: str, settings: Settings, data: str) -> Task:
    """A task, with the data that it is to be about where it takes any."""
    kind = catalogue.task_classes()[name]
    return kind(settings, data) if kind.takes_data else kind(settings)


def build(kind: type[BaseModel], fields: dict[str, Any]) -> Any:
    """A validated record, or ValueError with one sentence about the first thing that is wrong."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).replace("_", " ")
        reason = first["msg"].removeprefix("Value error, ").replace("Input should", "should").rstrip(".")
        where = f"{name[:1].upper()}{name[1:]} {reason}" if name else reason
        raise ValueError(f"{where}; it was “{shown(first['input'])}”." if name else f"{where}.") from None


def unknown(part: str, name: Any, options: Iterable[str]) -> str:
    """One sentence for a name that is none, with the names that look most like it."""
    near = difflib.get_close_matches(shown(name), list(options), n=3, cutoff=0.0)
    return f"There is no {part} “{shown(name)}”; the nearest names are {', '.join(near)}."


def shown(value: Any, most: int = 40) -> str:
    """A value as a short piece of plain text, ``most`` letters at the most."""
    text = "".join(c if c.isprintable() else "�" for c in str(value))
    return text if len(text) <= most else text[:most - 1] + "…"


def device_exists(device: str) -> bool:
    """Whether this machine has it."""
    return device == "cpu" or (device == "cuda" and torch.cuda.is_available()) or (
        device == "mps" and torch.backends.mps.is_available())


def make_cell(name: str, input_size: int, *, output_size: int | None = None, seed: int = 0, **settings: Any) -> Cell:
    """A fresh cell by its architecture's name, with any of its settings; ValueError for an unknown name or value."""
    options = catalogue.cell_classes()
    if name not in options:
        raise ValueError(unknown("architecture", name, options))
    if not isinstance(input_size, int) or input_size < 1:
        raise ValueError(f"A cell needs a whole number of inputs, at least 1; it was “{shown(input_size)}”.")
    cell = options[name](input_size, build(options[name].Settings, settings), output_size)
    cell.initialise(Streams.of(seed).weights)
    return cell
