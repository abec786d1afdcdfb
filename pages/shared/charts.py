"""Plotly and ECharts on a page, with the theme left to the figures."""

from typing import Any

import streamlit as st

import rnn_core as rc
from pages.shared.chart_keys import chart_keys
from pages.shared.theme import ground

FORMATS = ("png", "svg")


def show(figure: Any, key: str, height: int | None = None) -> None:
    """A picture that stands still; the camera on it takes it away in the visitor's format."""
    figure.update_layout(paper_bgcolor=ground(), **({} if height is None else {"height": height}))
    camera = {"format": st.session_state.get("picture_format", FORMATS[0]), "filename": f"rnn-{key}", "scale": 2}
    config = rc.figures.CONFIG | {"toImageButtonOptions": camera}
    st.plotly_chart(figure, theme=None, key=key, config=config, alt=rc.figures.alt(figure))
    if figure.layout.sliders:
        chart_keys(f"{key}_keys")


def choose_format() -> None:
    """PNG or SVG for the pictures that are taken away."""
    now = st.session_state.get("picture_format", FORMATS[0])
    chosen = st.segmented_control(
        "Pictures, by the camera on each, as",
        FORMATS,
        default=now,
        format_func=str.upper,
        key=f"format_{now}",
        required=True,
    )
    if chosen != now:
        st.session_state["picture_format"] = chosen
        st.rerun()


def live(option: dict[str, Any], key: str, height: int = 360) -> None:
    """A curve that grows in place."""
    st.echarts_chart(option, theme=None, key=key, height=height)
