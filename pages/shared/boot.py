"""What every process of the dashboard does once."""
import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def boot() -> bool:
    """Import what is heavy, then take it out of the garbage collector's sight.

    Streamlit collects fully after every rerun; with torch loaded that costs 120 ms under the lock, frozen nothing.
    """
    import pandas  # noqa: F401
    import plotly.graph_objects as go
    import torch

    import rnn_core.jobs
    torch.set_num_threads(1)
    go.Figure(go.Scatter(y=[0])).to_json()
    rnn_core.jobs.connect  # noqa: B018
    gc.collect()
    gc.freeze()
    return True
