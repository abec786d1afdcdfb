"""Every cell of the catalogue, under every choice of its settings, keeps every clause of the contract."""

from __future__ import annotations

import pytest

from rnn_core import catalogue
from tests.cells.cards import CARD_CHECKS, count
from tests.cells.cases import variants
from tests.cells.contract import CHECKS

CASES = [case for cls in catalogue.cell_classes().values() for case in variants(cls)]


@pytest.mark.parametrize("clause", [*CHECKS, *CARD_CHECKS])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_contract(case, clause):
    (CHECKS | CARD_CHECKS)[clause](case)


def test_a_formula_is_worked_out():
    assert count("4*H*(I+H+1)", I=2, H=3, O=1) == 72
    assert count("H*(H-1)/2+O**2", I=2, H=4, O=3) == 15


@pytest.mark.parametrize("formula", ["H()", "H.x", "'H'", "-H", "H if H else 1", "1.5"])
def test_a_formula_holds_nothing_else(formula):
    with pytest.raises(AssertionError, match="has no place"):
        count(formula, H=3)
