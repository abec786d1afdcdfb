"""Equations as the viewer shows them: letters with their subscripts, their colours, and where their numbers are.

A card writes plain Unicode, `c_t = f_t ⊙ c_{t−1} + i_t ⊙ g_t`. Here it becomes a list of terms: a letter is
`{"s": "c", "sub": "t−1", "tone": "cell", "array": "0.<c"}`, anything else `{"op": " + "}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ", "0123456789+−aeoxhklmnpstijruv")
SUBSCRIPT_RUN = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ]+")
FUNCTIONS = {"tanh", "sigmoid", "exp", "relu", "sgn", "sin", "cos", "softplus"}
SIGNS = "Σ∑∂∇"
ELEMENTWISE = re.compile(r"[\s⊙+−()=\d.]*")
TOKEN = re.compile(
    r"(?P<word>[^\W\d_]{2,}(?!_))"
    r"|(?P<letter>[^\W\d_][\u0300-\u036f′'~]*)(?:_\{(?P<long>[^}]*)\}|_(?P<short>[^\W_]+))?(?P<call>\(?)"
    r"|(?P<other>.)",
    re.DOTALL,
)


def split(symbol: str) -> tuple[str, str]:
    """Split a symbol into letter and subscript: "h_{t−1}" and "hₜ₋₁" give ("h", "t−1"), "W" gives ("W", "").

    The number of a layer in front, "1.z", becomes part of the subscript, counted from 1: ("z", "2").
    """
    layer, dot, rest = symbol.partition(".")
    if dot and layer.isdigit():
        letter, sub = split(rest)
        return letter, f"{int(layer) + 1},{sub}" if sub else str(int(layer) + 1)
    match = TOKEN.fullmatch(_plain(symbol))
    if match is None or match["letter"] is None:
        letter, _, sub = _plain(symbol).partition("_")
        return letter, sub.strip("{}")
    return match["letter"], match["long"] or match["short"] or ""


def terms(equation: str, names: Mapping[str, str], symbols: Mapping[str, str]) -> dict:
    """Return `{"terms": [...], "numbers": bool}` for one equation.

    names maps a letter's name ("f", "w_r") to the payload array with its values at step t, and "<c" to those of c as
    it enters the step (for c_{t−1}); symbols maps a name to its colour meaning.
    "numbers" is true when every letter has values and only elementwise operations occur, so that the numbers of one
    unit may be put in place of the letters.
    """
    out: list[dict] = []
    whole = True
    for match in TOKEN.finditer(_plain(equation)):
        letter, word, sub = match["letter"], match["word"], match["long"] or match["short"] or ""
        if letter is not None and match["call"] and not sub:
            _text(out, f"{letter}(")
        elif letter is not None:
            term = _letter(letter, sub, names, symbols)
            whole = whole and "array" in term and not (out and "s" in out[-1]) and not _beside(out)
            out.append(term)
            if match["call"]:
                _text(out, "(")
        elif word in FUNCTIONS:
            _text(out, word)
        elif word is not None:
            whole = False
            _text(out, word)
        else:
            whole = whole and bool(ELEMENTWISE.fullmatch(match["other"]))
            _text(out, match["other"])
    letters = sum("s" in term for term in out)
    return {"terms": out, "numbers": whole and letters > 1}


def _letter(letter: str, sub: str, names: Mapping[str, str], symbols: Mapping[str, str]) -> dict:
    """One letter's term; what has no time in its subscript and no meaning on the card is a weight."""
    index, lag = _time(sub)
    index = sub if lag is None else index
    candidates = [f"{letter}_{index}", letter + index] if index else [letter]
    term: dict = {"s": letter, "sub": sub}
    stored = next((name for name in candidates if "<" * (lag or 0) + name in names), None)
    if stored is not None and (lag is not None or not sub):
        term["array"] = names["<" * (lag or 0) + stored]
    other = "input" if letter == "x" else "shared" if lag is None and letter not in SIGNS else None
    tone = next((symbols[name] for name in [*candidates, letter] if name in symbols), other)
    return term if tone is None else term | {"tone": tone}


def _time(sub: str) -> tuple[str, int | None]:
    """Take the time out of a subscript: "t" gives ("", 0), "r,t−1" ("r", 1), "i" ("i", None)."""
    match = re.fullmatch(r"(?P<index>[^\s,;]*?)[\s,;]*t(?:\s*[−-]\s*(?P<lag>\d+))?", sub)
    if match is None:
        return sub, None
    return match["index"], int(match["lag"] or 0)


def _text(out: list[dict], text: str) -> None:
    if out and "op" in out[-1]:
        out[-1]["op"] += text
    else:
        out.append({"op": text})


def _beside(out: list[dict]) -> bool:
    """Whether only blanks part the next letter from the one before it, as in a product with a matrix."""
    return len(out) > 1 and "s" in out[-2] and not out[-1]["op"].strip()


def _plain(equation: str) -> str:
    return SUBSCRIPT_RUN.sub(lambda run: "_{" + run[0].translate(SUBSCRIPTS) + "}", equation)
