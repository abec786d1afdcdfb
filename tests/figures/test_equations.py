"""Equations in the colours of their letters, and nothing that a stranger's card could smuggle in."""

from __future__ import annotations

import re

import pytest

import rnn_core as rc
from rnn_core.figures.equations import PLAIN, SIGNS, TOKEN
from rnn_core.records import Card
from rnn_core.records.palette import tone


def card(equation: str, **symbols: str) -> Card:
    """A card with one equation."""
    return Card(title="", row="", year=0, reference="", summary="", equations={"a": equation}, symbols=symbols)


def bare(line: str) -> str:
    """A line of TeX without its colours."""
    return re.sub(r"\\textcolor\{#\w+\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", line)


def test_a_letter_has_the_colour_of_its_meaning(theme):
    (line,) = rc.figures.equations(card("c_t = f_t ⊙ c_{t−1} + W x_t", c="cell", f="forget"), theme=theme)
    for letter, meaning in (
        ("c_{t}", "cell"),
        ("f_{t}", "forget"),
        ("c_{t-1}", "cell"),
        ("W", "shared"),
        ("x_{t}", "input"),
    ):
        assert rf"\textcolor{{{tone(meaning, theme, text=True)}}}{{{letter}}}" in line


@pytest.mark.parametrize(
    ("written", "typeset"),
    [
        ("c_t = f_t ⊙ c_{t−1}", r"c_{t} = f_{t} \odot  c_{t-1}"),
        ("n = tanh(q) · σ(r)", r"n = \operatorname{tanh}(q) \cdot  σ(r)"),
        ("a_i = Σ_j w_ij s_j", r"a_{i} = \sum _{j} w_{ij} s_{j}"),
        (
            "s ← sgn(a), unchanged where a = 0",
            r"s \leftarrow  \operatorname{sgn}(a),\ \text{unchanged}\ \text{where}\ a = 0",
        ),
        ("y = [→h_t ; ←h_t]", r"y = [\overrightarrow{h}_{t} ; \overleftarrow{h}_{t}]"),
        ("V = Y Xᵀ (X Xᵀ + λ I)⁻¹", r"V = Y X^{\top} (X X^{\top} + λ I)^{-1}"),
        ("g = λ_tᵀ P + ∂L/∂θ through t²", r"g = λ_{t}^{\top} P + \partial L/\partial θ\ \text{through}\ t^{2}"),
        ("v = (1 + h1_t)^10 tanh²(z)", r"v = (1 + h1_{t})^{10} \operatorname{tanh}^{2}(z)"),
        ("o^l_t = cell^l(o^{l−1}_t)", r"o^{l}_{t} = \operatorname{cell}^{l}(o^{l-1}_{t})"),
    ],
)
def test_how_it_is_typeset(written, typeset):
    assert bare(rc.figures.equations(card(written))[0]) == typeset


KINDS = (rc.architectures, rc.wirings, rc.tasks, rc.learners, rc.analyses)
CARDS = {f"{kind.__name__} {name}": one for kind in KINDS for name, one in kind().items()}


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_typeset_with_balanced_braces(name, theme):
    own = CARDS[name]
    lines = rc.figures.equations(own, theme=theme)
    assert len(lines) == len(own.equations)
    for line in lines:
        inside = line.replace(r"\{", "").replace(r"\}", "")
        assert inside.count("{") == inside.count("}") and "$" not in line
        assert not re.search(r"\^(\w|\{[^{}]*\})\^", bare(line)), "two superscripts on one letter are no TeX"


@pytest.mark.parametrize("name", CARDS)
def test_nothing_of_a_card_is_left_out(name):
    for written in CARDS[name].equations.values():
        for found in TOKEN.finditer(written):
            assert found["other"] is None or found["other"] in PLAIN | SIGNS.keys(), written


@pytest.mark.parametrize(
    "evil", [r"$x$ \href{javascript:x}{a}", "`x` $$ \\input{y}", "x_{\\def\\x{}}", "a\n\n# b", r"\\\$"]
)
def test_only_known_commands_come_out(evil):
    (line,) = rc.figures.equations(card(evil))
    known = {"textcolor", "text", "operatorname", "leftarrow", "to", "lt", "gt"}
    assert set(re.findall(r"\\([a-zA-Z]+)", line)) <= known
    assert not set("$`#\n") & set(re.sub(r"#[0-9a-f]{6}", "", line))
