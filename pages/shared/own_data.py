"""Text or numbers of the visitor's own, for the tasks that take some."""

from __future__ import annotations

import io

import pandas as pd
import streamlit as st

from pages.shared.hand import Hand
from pages.shared.words import note, plain
from rnn_core.catalogue import task_classes
from rnn_core.records.given import MOST, keep

WORDS = {
    "text": ("Your own text", "A plain text file, at best of some 10,000 characters or more.", ["txt", "md"]),
    "numbers": ("Your own numbers", "A CSV file with a column of numbers, one a row, in the order of time.", ["csv"]),
}


def own_data(hand: Hand) -> None:
    """Let the visitor give data to the task in hand; nothing where it takes none. What is given stays here."""
    form = task_classes()[hand.spec.task].takes_data
    if not form:
        return
    title, help, kinds = WORDS[form]
    with st.expander(title, icon=":material/upload_file:"):
        note(f"{help} It is kept on the machine that runs the explorer, and links name it by its hash.")
        file = st.file_uploader(
            title, kinds, key=f"own_{hand.spec.task}", label_visibility="collapsed", max_upload_size=MOST // 1_000_000
        )
        try:
            text = None if file is None else READ[form](file.getvalue())
        except ValueError as error:
            st.error(plain(error), icon=":material/error:")
            text = None
        if st.button("Use it", key="own_use", type="primary", disabled=text is None):
            _use(hand, text)
        own = hand.spec.data != task_classes()[hand.spec.task]().data_hash
        if own and st.button("Back to the example", key="own_back", type="tertiary"):
            hand.change(data="")


def _use(hand: Hand, text: str) -> None:
    try:
        digest = keep(text)
    except ValueError as error:
        st.error(plain(error), icon=":material/error:")
    else:
        hand.change(data=digest)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError("This is not a text in UTF-8; save it as one and give it again.") from None


def _numbers(data: bytes) -> str:
    """The column that the visitor picks, one number a line."""
    try:
        table = pd.read_csv(io.StringIO(_text(data)), skip_blank_lines=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError):
        raise ValueError("This is not a table with commas between its columns.") from None
    found = {str(name): table[name] for name in table.columns if pd.api.types.is_numeric_dtype(table[name])}
    if not found:
        raise ValueError("No column of this table holds nothing but numbers.")
    names = sorted(found, key=lambda name: found[name].nunique() <= 1)
    chosen = st.selectbox("Column", names, format_func=plain, key="own_column")
    if gaps := int(found[chosen].isna().sum()):
        raise ValueError(f"{gaps} of the {len(table)} values of this column are missing.")
    return "\n".join(f"{v!r}" for v in found[chosen].astype(float).tolist())


READ = {"text": _text, "numbers": _numbers}
