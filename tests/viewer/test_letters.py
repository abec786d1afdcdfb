"""Equations in letters: subscripts, colours, and when numbers may stand in for letters."""

from __future__ import annotations

import pytest

from rnn_core.cells.lstm import LSTM
from rnn_core.viewer.letters import split, terms

NAMES = {name: f"0.{name}" for name in "ifgoch"} | {"<c": "0.<c", "<h": "0.<h"}
SYMBOLS = LSTM.card.symbols


@pytest.mark.parametrize(
    ("text", "parts"),
    [("h_{t−1}", ("h", "t−1")), ("hₜ₋₁", ("h", "t−1")), ("W_i", ("W", "i")), ("W", ("W", "")), ("w_r", ("w", "r")),
     ("ŷ", ("ŷ", "")), ("memory_key", ("memory", "key")), ("1.h_{t−1}", ("h", "2,t−1")), ("0.W", ("W", "1"))],
)
def test_split(text, parts):
    assert split(text) == parts


def test_an_elementwise_equation_may_show_numbers():
    shown = terms("c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t", NAMES, SYMBOLS)
    assert shown["numbers"]
    letters = [term for term in shown["terms"] if "s" in term]
    assert [term["array"] for term in letters] == ["0.c", "0.f", "0.<c", "0.i", "0.g"]
    assert [term["tone"] for term in letters] == ["cell", "forget", "cell", "write", "candidate"]
    assert "".join(term.get("op", term.get("s")) for term in shown["terms"]) == "c = f ⊙ c + i ⊙ g"


@pytest.mark.parametrize(
    "text",
    ["h_t = o_t ⊙ tanh(c_t)", "h_t = φ(g_t)", "h_t = (1 − f_t) ⊙ g_t + f_t ⊙ h_{t−1}", "c_t = σ(i_t)"],
)
def test_functions_and_brackets_keep_the_numbers(text):
    assert terms(text, NAMES, SYMBOLS)["numbers"]


@pytest.mark.parametrize(
    "text",
    ["i_t = σ(W_i x_t + R_i h_{t−1} + b_i)", "c_t = f_t c_{t−1}", "c_t = softmax(f_t)", "h_t = o_t · c_t", "c_t = q_t"],
)
def test_products_with_matrices_and_strangers_do_not(text):
    assert not terms(text, NAMES, SYMBOLS)["numbers"]


@pytest.mark.parametrize(
    ("text", "tones"),
    [("i_t = σ(W_i x_t + b_i)", [None, "shared", "input", "shared"]),
     ("a_i = Σ_j w_ij s_j − θ_i", ["candidate", None, "shared", "hidden", "shared"])],
)
def test_what_has_no_time_is_a_weight(text, tones):
    symbols = {"a": "candidate", "s": "hidden"}
    assert [term.get("tone") for term in terms(text, {}, symbols)["terms"] if "s" in term] == tones


def test_subscripts_that_name_a_probe():
    shown = terms("r_t = w_{r,t} ⊙ m_t", {"r": "a", "w_r": "b", "m": "c"}, {"w_r": "read"})
    assert [term["array"] for term in shown["terms"] if "s" in term] == ["a", "b", "c"]
    assert shown["terms"][2]["tone"] == "read"
