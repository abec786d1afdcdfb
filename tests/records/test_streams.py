"""Random streams: one seed, sources that know nothing of each other."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from rnn_core.records import Streams

NAMES = [f.name for f in fields(Streams)]


def draws(streams: Streams, count: int = 4) -> dict[str, list[float]]:
    """Some numbers from each stream."""
    return {name: torch.rand(count, generator=getattr(streams, name)).tolist() for name in NAMES}


def test_the_same_seed_gives_the_same_numbers():
    assert draws(Streams.of(3)) == draws(Streams.of(3))


def test_no_two_streams_and_no_two_seeds_agree():
    seen = [tuple(v) for seed in (0, 1, 2, 10, 2**31 - 1) for v in draws(Streams.of(seed)).values()]
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("name", NAMES)
def test_drawing_from_one_changes_no_other(name):
    streams, untouched = Streams.of(0), draws(Streams.of(0))
    torch.rand(1000, generator=getattr(streams, name))
    now = draws(streams)
    assert {k for k in NAMES if now[k] != untouched[k]} == {name}


def test_the_global_stream_is_neither_read_nor_moved():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = draws(Streams.of(0))
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(6)
    assert draws(Streams.of(0)) == first


def test_going_on_from_a_state():
    streams = Streams.of(0)
    draws(streams)
    state = streams.state()
    expected = draws(streams)
    other = Streams.of(9)
    other.restore(state)
    assert draws(other) == expected
    again = Streams.of(0)
    again.restore(state)
    assert draws(again) == expected
