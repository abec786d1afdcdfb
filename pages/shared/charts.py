"""Plotly and ECharts on a page, with the theme left to the figures."""

from typing import Any

import streamlit as st

import rnn_core as rc


def show(figure: Any, key: str, alt: str, height: int | None = None) -> None:
    """A picture that stands still."""
    if height is not None:
        figure.update_layout(height=height)
    st.plotly_chart(figure, theme=None, key=key, config=rc.figures.CONFIG, alt=alt)


def live(option: dict[str, Any], key: str, height: int = 360) -> None:
    """A curve that grows in place."""
    st.echarts_chart(option, theme=None, key=key, height=height)
