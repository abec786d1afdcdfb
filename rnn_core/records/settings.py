"""Settings: one frozen record a component, each default and range written once."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Settings(BaseModel):
    """The adjustable numbers and choices of one component; unknown names and out-of-range values are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _one_zero(cls, value: Any) -> Any:
        """−0 becomes 0, so that equal settings are written alike."""
        return value + 0.0 if isinstance(value, float) else value


def setting(default: Any, help: str, *, symbol: str = "", ge: float | None = None, le: float | None = None,
            log: bool = False, step: float | None = None, main: bool = False) -> Any:
    """Declare one setting: its default, its sentence, its range; ``main`` asks for a place among the first controls."""
    return Field(default, description=help, ge=ge, le=le,
                 json_schema_extra={"symbol": symbol, "log": log, "step": step, "main": main})


@dataclass(frozen=True)
class SettingInfo:
    """All that a control needs to know about one setting."""

    name: str
    kind: Literal["int", "float", "choice", "flag"]
    default: Any
    help: str
    symbol: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[Any, ...] = ()
    log: bool = False
    main: bool = False

    @property
    def label(self) -> str:
        """The name in words, with its symbol."""
        words = self.name.replace("_", " ").capitalize()
        return f"{words} ({self.symbol})" if self.symbol else words


def describe_settings(settings: type[Settings]) -> list[SettingInfo]:
    """Read the controls off a settings class, in the order in which its author wrote them.

    Raises TypeError, in one sentence, for a setting that is no number with a range, no flag and no choice of words.
    """
    return [_describe(name, field) for name, field in settings.model_fields.items()]


def _describe(name: str, field: Any) -> SettingInfo:
    extra = field.json_schema_extra or {}
    limits = {key: getattr(rule, key) for rule in field.metadata for key in ("ge", "le") if hasattr(rule, key)}
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    kind = "choice" if choices else {bool: "flag", int: "int", float: "float"}.get(field.annotation)
    ranged = len(limits) == 2 or kind in ("choice", "flag")
    if kind is None or not ranged or not all(isinstance(choice, str) for choice in choices):
        raise TypeError(f"The setting “{name}” must be a number with a range, a flag or a choice of words.")
    return SettingInfo(name, kind, field.default, field.description or "", extra.get("symbol", ""), limits.get("ge"),
                       limits.get("le"), extra.get("step"), choices, bool(extra.get("log")), bool(extra.get("main")))
