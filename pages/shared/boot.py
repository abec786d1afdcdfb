"""What every process of the dashboard does once."""

import gc
from collections.abc import Callable

import streamlit as st
from streamlit.elements import spinner
from streamlit.proto.NewSession_pb2 import CustomThemeConfig
from streamlit.runtime import app_session

SIGN = 0.2


def warm() -> None:
    """Import what is heavy and use it once, then take it out of the garbage collector's sight.

    Streamlit collects fully after every rerun; with torch loaded that costs 120 ms under the lock, frozen nothing.
    """
    import pandas  # noqa: F401
    import plotly.graph_objects as go
    import sklearn.decomposition
    import sklearn.linear_model
    import sklearn.neighbors  # noqa: F401
    import torch
    import torch.func

    import rnn_core.jobs  # noqa: F401
    from rnn_core.shipped import shipped

    torch.set_num_threads(1)
    go.Figure(go.Scatter(y=[0])).to_json()
    shipped().stories(1)
    app_session._populate_theme_msg = remembered(app_session._populate_theme_msg)
    sign_of_work()
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def boot() -> bool:
    """Warm this process, unless it was done before the first visitor came."""
    warm()
    return True


def sign_of_work() -> None:
    """Let a spinner appear after `SIGN` seconds; Streamlit 1.67 waits half a second."""
    spinner.DELAY_SECS = SIGN


def remembered(populate: Callable[..., None]) -> Callable[..., None]:
    """Fill in a section of the theme from memory.

    Streamlit 1.67 reads all six sections anew at every rerun, a sixth of the cost of a look at a running curve.
    """
    made: dict[str, CustomThemeConfig] = {}

    def fill(msg: CustomThemeConfig, section: str = "theme") -> None:
        if section not in made:
            made[section] = CustomThemeConfig()
            populate(made[section], section)
        if made[section].ByteSize():
            msg.MergeFrom(made[section])

    return fill
