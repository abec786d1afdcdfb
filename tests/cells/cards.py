"""What every class of cells owes its readers: a true card, settings that mean something, fresh weights by rule."""

from __future__ import annotations

import ast
import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from rnn_core.experiment import build
from rnn_core.records import Settings, describe_settings
from rnn_core.unroll import unroll
from tests.cells.cases import INPUTS, Case, H, one_sentence, same, variants

CARD_CHECKS: dict[str, Callable[[Case], None]] = {}
ARITHMETIC = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
              ast.Pow: operator.pow}


def card_check(f: Callable[[Case], None]) -> Callable[[Case], None]:
    """Enter a clause about a class of the catalogue."""
    CARD_CHECKS[f.__name__] = f
    return f


def count(formula: str, **letters: int) -> float:
    """The value of a parameter formula: sums, products and powers of whole numbers and letters, nothing else."""
    def value(node: ast.expr) -> float:
        match node:
            case ast.BinOp(left, op, right):
                return ARITHMETIC[type(op)](value(left), value(right))
            case ast.Name(id):
                return letters[id]
            case ast.Constant(int(number)):
                return number
        raise AssertionError(f"{ast.dump(node)} has no place in a parameter formula")
    return value(ast.parse(formula, mode="eval").body)


@card_check
def weights_start_as_their_letters_say(case: Case) -> None:
    """b, c and d start at one value each, R blocks are gain × orthogonal, the rest in ±gain/√fan-in or its bound."""
    cell = case.cell(fresh=True, dtype=torch.float32)
    gain = getattr(case.settings, "gain", 1.0)
    most = max(1.0, gain, getattr(cell, "bound", 1.0))
    for name, p in cell.named_parameters():
        if p.dim() == 1:
            assert all(len(block.unique()) == 1 for block in p.split(H) if len(p) % H == 0)
        elif name[0] == "R":
            for block in p.split(p.shape[1]):
                same(block @ block.T, gain**2 * torch.eye(len(block)), atol=1e-5)
        else:
            assert 0.5 < float(p.detach().abs().max()) * math.sqrt(p.shape[1]) / most <= 1


@card_check
def the_card_counts_the_weights(case: Case) -> None:
    """The formula on the card is the number of weights."""
    cell = case.cell()
    assert count(cell.card.parameters, I=INPUTS, H=H, O=cell.output_size) == cell.weight_count


@card_check
def the_card_says_what_it_must(case: Case) -> None:
    """Title, row, year, reference, summary, use: each is there, and the file tells its equations."""
    card = case.cell().card
    for text in (card.title, card.row, card.reference, card.summary, card.use):
        assert text.strip() == text and text
    assert card.summary.endswith(".") and 1940 < card.year < 2100 and str(card.year) in card.reference
    module = sys.modules[case.cls.__module__]
    assert "=" in module.__doc__ or "←" in module.__doc__


@card_check
def settings_out_of_range_are_refused(case: Case) -> None:
    """Whatever lies outside a setting's range, is no number, or has no name, is refused in one sentence."""
    wrong: list[dict[str, Any]] = [{"no_such_setting": 1}]
    for info in describe_settings(case.cls.Settings):
        assert info.help.endswith(".") and info.default is not None
        wrong += [{info.name: v} for v in ("§", None, [1], "\ud800", "x\ny" * 100)]
        if info.kind in ("int", "float"):
            assert info.low is not None and info.high is not None and info.low <= info.default <= info.high
            wrong += [{info.name: v} for v in (info.low - 1, info.high + 1, math.nan, math.inf, "nan", 10**400)]
        if info.kind == "int":
            wrong.append({info.name: 1.5})
        assert all(isinstance(c, str) for c in info.choices)
    for fields in wrong:
        with pytest.raises(ValueError) as caught:
            build(case.cls.Settings, fields)
        one_sentence(str(caught.value))


@card_check
def every_setting_is_felt(case: Case) -> None:
    """Changing a setting changes fresh weights or outputs, under some choice of the others."""
    def effect(settings: Settings) -> list[torch.Tensor]:
        cell = Case(case.cls, settings).cell(fresh=True)
        return [*cell.state_dict().values(), unroll(cell, case.x(cell), case.state(cell)).outputs]

    def other(info: Any) -> Any:
        if info.kind == "int":
            return H + 1
        if info.kind == "float":
            return (info.default + info.low) / 2 if info.default > info.low else (info.low + info.high) / 2
        return next(c for c in info.choices or (False, True) if c != info.default)

    bases = [v.settings for v in variants(case.cls)]
    for info in describe_settings(case.cls.Settings):
        pairs = [(effect(s), effect(s.model_copy(update={info.name: other(info)}))) for s in bases]
        felt = [len(a) != len(b) or not all(map(torch.equal, a, b)) for a, b in pairs]
        assert any(felt), f"{info.name} is accepted and then ignored"
