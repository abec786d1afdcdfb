"""Select and match: the same sets by plain loops, planted patterns, what can be read, and what is refused."""

from __future__ import annotations

import pytest
import torch

import rnn_core as rc


def planted(values: torch.Tensor, mask: torch.Tensor | None = None) -> rc.Trace:
    """A pass whose states are these values (b, t, n), by a linear cell that only copies what it reads."""
    n = values.shape[-1]
    cell = rc.make_cell("elman", n, hidden_size=n, activation="linear")
    with torch.no_grad():
        cell.W.copy_(torch.eye(n))
        cell.R.zero_()
    return rc.unroll(cell, values, mask=mask)


def by_loops(h, first, width, level, before, after, length):
    """(units on throughout, units that switch), unit by unit, of one span of h (t, n)."""
    on, switch = set(), set()
    for unit in range(h.shape[1]):
        if all(float(h[t, unit]) >= level for t in range(first, first + width)):
            on.add(unit)
            around = [*range(max(first - before, 0), first), *range(first + width, min(first + width + after, length))]
            if all(float(h[t, unit]) < level for t in around):
                switch.add(unit)
    return on, switch


@pytest.mark.parametrize(("before", "after"), [(1, 1), (0, 0), (2, 0), (0, 3)])
def test_it_agrees_with_plain_loops(before, after):
    lengths = [9, 7, 9, 4, 9, 2]
    mask = torch.arange(9) < torch.tensor(lengths).unsqueeze(1)
    h = torch.randn(6, 9, 8)
    h[2, :, :3], h[2, 3:5, :4] = -1.0, 1.0
    found = rc.select_and_match(
        planted(h, mask), sequence=2, first=3, last=4, threshold=0.1, before=before, after=after
    )
    _, chosen = by_loops(h[2], 3, 2, 0.1, before, after, 9)
    assert chosen and set(found.units) == chosen
    ranked = []
    for k in (0, 1, 3, 4, 5):
        spans = []
        for w in range(lengths[k] - 1):
            on, switch = by_loops(h[k], w, 2, 0.1, before, after, lengths[k])
            away = float((h[k, w : w + 2] - h[2, 3:5]).square().mean().sqrt())
            spans.append((-len(on & chosen), len(switch - chosen), away, k, w))
        ranked += [span for span in sorted(spans)[:1] if span[0]]
    told = [(-m.shared, m.extra, pytest.approx(m.distance, abs=1e-5), m.sequence, m.first) for m in found.matches]
    assert told == sorted(ranked)


def test_a_planted_pattern_is_found_again():
    h = torch.full((5, 12, 6), -0.5)
    for sequence, at in ((0, 4), (2, 7), (3, 1)):
        h[sequence, at : at + 3, [1, 4]] = 0.9
    h[4, 2:9, [1, 4]] = 0.9
    found = rc.select_and_match(planted(h), sequence=0)
    assert (found.chosen.first, found.chosen.last, found.units) == (4, 6, (1, 4))
    assert -0.5 < found.threshold < 0.9
    exact = [(m.sequence, m.first) for m in found.matches if m.distance < 1e-6]
    assert (2, 7) in exact and (3, 1) in exact and 1 not in {m.sequence for m in found.matches}
    assert "2 units of 6 switched on for steps 4 to 6 of sequence 0; in 3 of the 3 closest" in found.says


def test_matches_can_be_read():
    run = rc.Run(rc.Experiment.of("gru", "next_character", hidden_size=12, length=20))
    found = rc.select_and_match(run, rows=40, sequence=3)
    text = run.task.story(run.held_out, 3).inputs
    assert found.chosen.reads == tuple(text[t] for t in found.chosen.at)
    assert [w[1:-1] for w in found.frame().loc[0, "reads"].split(" ") if w.startswith("[")] == list(
        text[found.chosen.first : found.chosen.last + 1]
    )
    assert found.matches and all(
        m.sequence != 3 and m.last - m.first == found.chosen.last - found.chosen.first for m in found.matches
    )


def test_nothing_switches_and_that_is_said():
    quiet = rc.select_and_match(planted(torch.zeros(3, 6, 2)))
    assert not quiet.units and not quiet.matches and "no level would do" in quiet.says and len(quiet.frame()) == 1
    h = torch.zeros(3, 6, 2)
    h[0, 2:4, 1] = 0.6
    high = rc.select_and_match(planted(h), first=2, last=3, threshold=0.9)
    assert not high.units and "at 0.30 some would" in high.says


def test_any_quantity_can_be_compared_and_others_are_refused():
    run = rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=3, length=8, ragged=True))
    trace = run.network.trace(run.held_out.x, mask=run.held_out.mask).main
    assert rc.select_and_match(trace).name == "h" and rc.select_and_match(trace, probe="f").name == "f"
    stack = rc.Experiment.of("lstm", "adding", wiring="stack", hidden_size=3, length=8)
    assert rc.select_and_match(stack).name == "1.h" and rc.select_and_match(stack, probe="0.c").name == "0.c"
    with pytest.raises(ValueError, match="no quantity “q”; it has i, f, g, o, c, h"):
        rc.select_and_match(trace, probe="q")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sequence": 4}, "sequences 0 to 3; 4 is not"),
        ({"sequence": -1}, "sequences 0 to 3"),
        ({"first": 5, "last": 4}, "no span from 5 to 4"),
        ({"first": -1, "last": 1}, "no span from"),
        ({"first": 2, "last": 30}, "no span from"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        rc.select_and_match(planted(torch.randn(4, 6, 2)), **options)


@pytest.mark.parametrize("steps", [1, 2])
def test_very_short_sequences_and_one_unit(steps):
    found = rc.select_and_match(planted(torch.randn(4, steps, 1)))
    assert found.says.endswith(".") and found.chosen.last < steps


def test_what_is_not_finite_is_never_on():
    h = torch.full((3, 6, 2), torch.nan)
    assert rc.select_and_match(planted(h)).units == ()
