"""Controls, made from the ranges that the settings declare."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

import rnn_core as rc
from rnn_core.records import SettingInfo


def control(info: SettingInfo, value: Any, key: str) -> Any:
    """One control for one setting, showing ``value``; returns what the visitor chose."""
    label = info.label
    if info.kind == "flag":
        return st.toggle(label, value=value, key=key, help=info.help)
    if info.kind == "choice":
        options = list(info.choices)
        return st.selectbox(label, options, index=options.index(value), key=key, help=info.help)
    if info.kind == "int":
        return st.number_input(
            label,
            min_value=_whole(info.low),
            max_value=_whole(info.high),
            value=int(value),
            step=int(info.step or 1),
            key=key,
            help=info.help,
        )
    step = info.step or max(abs(float(value)) / 2, 1e-6)
    return st.number_input(
        label,
        min_value=info.low,
        max_value=info.high,
        value=float(value),
        step=step,
        format="%g" if info.log else None,
        key=key,
        help=info.help,
    )


def settings_form(settings: rc.Settings, prefix: str, only_main: bool | None = None) -> dict[str, Any]:
    """Controls for all settings of one component, or for its main ones, or for the others; returns what changed."""
    chosen = {}
    for info in rc.describe_settings(type(settings)):
        if only_main is None or info.main == only_main:
            old = getattr(settings, info.name)
            new = control(info, old, f"{prefix}_{info.name}_{old}")
            if new != old:
                chosen[info.name] = new
    return chosen


def steady_slider(label: str, options: Sequence[Any], value: Any, key: str, **how: Any) -> Any:
    """A slider over ``options`` that goes where ``value`` goes, and keeps the keyboard when the visitor moves it.

    Its key stays the same: a slider that is replaced while it has the focus stays on the page beside the new one.
    Returns what the visitor chose, or ``value``.
    """
    shown, state = f"shown:{key}", st.session_state
    if key in state and state[key] == state.get(shown) != value:
        state[key] = value
    else:
        how["value"] = value
    state[shown] = st.select_slider(label, options, key=key, label_visibility="collapsed", **how)
    return state[shown]


def _whole(limit: float | None) -> int | None:
    return None if limit is None else int(limit)
