"""A card's equations as they stand in a paper, each letter in the colour of its meaning: TeX, one line each.

Cards write plain Unicode, ``c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t``. Only letters, subscripts, superscripts and signs of the
list below become TeX; whatever else a stranger's card may hold is left out, so that it cannot mean anything.
"""

from __future__ import annotations

import re

from rnn_core.figures.ink import ink
from rnn_core.records import Card
from rnn_core.records.palette import tone

RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿᵏᵀ", [*"0123456789+-nk", r"\top"], strict=True))
UP = "".join(RAISED)
LETTER = rf"(?![{UP}])[^\W\d_]"
MARK = rf"(?:\{{[^{{}}]*\}}|(?:(?![{UP}])[^\W_])+)"
TOKEN = re.compile(
    rf"(?P<over>[→←](?={LETTER}))?(?P<name>(?:{LETTER}){{2,}}|{LETTER}[\u0300-\u036f′']*)(?P<marks>(?:[_^]{MARK})*)"
    rf"|(?P<raised>[{UP}]+)|(?P<loose>(?:[_^]{MARK})+)|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
CALLED = re.compile(rf"[{UP}]*\(")
SIGNS = {
    "⊙": r"\odot ", "·": r"\cdot ", "×": r"\times ", "−": "-", "←": r"\leftarrow ", "→": r"\to ", "≤": r"\le ",
    "≥": r"\ge ", "≈": r"\approx ", "∈": r"\in ", "∂": r"\partial ", "√": r"\surd ", "∞": r"\infty ",
    "‖": r"\Vert ", "⊗": r"\otimes ", "⟨": r"\langle ", "⟩": r"\rangle ", "∗": "*", "…": r"\ldots ",
    "½": r"\tfrac12 ", "{": r"\{", "}": r"\}", "%": r"\%", "<": r"\lt ", ">": r"\gt ",
    "⊤": r"\top ", "∏": r"\prod ", "Σ": r"\sum ", "∑": r"\sum ", "Π": r"\prod ", "≠": r"\ne ", "±": r"\pm ",
    "∘": r"\circ ", "∇": r"\nabla ", "∝": r"\propto ", "⊕": r"\oplus ", "~": r"\sim ", "∫": r"\int ",
    "↔": r"\leftrightarrow ",
}  # fmt: skip
PLAIN = set("+-=()[]|/,.;:!*'0123456789")
WEIGHTS = set("WRUVLbdθ")


def equations(card: Card, *, theme: str = "light") -> list[str]:
    """The card's equations as TeX lines, without dollar signs; a letter without a meaning has the colour of text."""
    ink(theme)
    return [_line(text, card.symbols, theme) for text in card.equations.values()]


def _line(text: str, symbols: dict[str, str], theme: str) -> str:
    out: list[str] = []
    words = False
    for found in TOKEN.finditer(text):
        name = found["name"]
        if found["space"]:
            out.append(r"\ " if words else " ")
        elif found["raised"]:
            out.append(f"^{{{''.join(RAISED[c] for c in found['raised'])}}}")
        elif found["loose"]:
            out.append(_marks(found["loose"]))
        elif name is None:
            out.append(SIGNS.get(found["other"], found["other"] if found["other"] in PLAIN else ""))
            words = found["other"] == ","
        elif name in SIGNS:
            out.append(SIGNS[name] + _marks(found["marks"]))
        elif len(name) > 1 and name.isalpha():
            called = CALLED.match(text, found.end()) is not None
            words = not called
            if words and out and out[-1] == " ":
                out[-1] = r"\ "
            out.append((rf"\operatorname{{{name}}}" if called else rf"\text{{{name}}}") + _marks(found["marks"]))
        else:
            words = False
            body = {"→": rf"\overrightarrow{{{name}}}", "←": rf"\overleftarrow{{{name}}}"}.get(found["over"], name)
            colour = _colour(name, symbols, theme)
            inside = body + _marks(found["marks"])
            out.append(rf"\textcolor{{{colour}}}{{{inside}}}" if colour else inside)
    return "".join(out).strip()


def _marks(text: str) -> str:
    """Subscripts and superscripts, with nothing in them but letters, digits and signs."""
    parts = re.findall(rf"([_^])({MARK})", text)
    safe = [
        (kind, "".join(SIGNS.get(c, c) for c in body.strip("{}") if c.isalnum() or c in SIGNS or c in PLAIN))
        for kind, body in parts
    ]
    return "".join(f"{kind}{{{body}}}" for kind, body in safe)


def _colour(name: str, symbols: dict[str, str], theme: str) -> str | None:
    meaning = symbols.get(name) or ("input" if name == "x" else "shared" if name in WEIGHTS else None)
    return tone(meaning, theme, text=True) if meaning else None
