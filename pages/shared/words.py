"""Sentences on a page: escaped where they are not our own, and the same verdict under every picture."""

import re
from collections.abc import Callable

import pandas as pd
import streamlit as st

SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: object) -> str:
    """Any text as markdown that shows just that text."""
    return SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", str(text)))


def say(yes: str, no: str) -> None:
    """What the picture above lets one say, and what not."""
    left, right = st.columns(2, gap="medium")
    left.markdown(f":green[:material/check:] **You may say** {plain(yes)}")
    right.markdown(f":orange[:material/close:] **You may not say** {plain(no)}")


def note(text: str) -> None:
    """A quiet line in the second ink."""
    st.markdown(f":small[:gray[{text}]]")


def table_twin(make: Callable[[], pd.DataFrame], label: str = "The same as a table") -> None:
    """The picture's numbers, folded away and computed only when they are looked at."""
    fold = st.expander(label, icon=":material/table:", key=f"table:{label}", on_change="rerun")
    if fold.open:
        fold.dataframe(make(), hide_index=True, width="stretch")
