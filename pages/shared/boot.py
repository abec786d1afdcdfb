"""What every process of the dashboard does once."""

import gc

import streamlit as st


def warm() -> None:
    """Import what is heavy and use it once, then take it out of the garbage collector's sight.

    Streamlit collects fully after every rerun; with torch loaded that costs 120 ms under the lock, frozen nothing.
    """
    import pandas  # noqa: F401
    import plotly.graph_objects as go
    import torch

    import rnn_core.jobs  # noqa: F401
    from rnn_core.shipped import shipped

    torch.set_num_threads(1)
    go.Figure(go.Scatter(y=[0])).to_json()
    shipped().stories(1)
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def boot() -> bool:
    """Warm this process, unless it was done before the first visitor came."""
    warm()
    return True
