"""Curves, driven systems, prices, movements: each by a second road, and each baseline by hand."""

from __future__ import annotations

import math
import random
import statistics

import pytest
import torch

from rnn_core.tasks.figure_eight import FigureEight, FigureEightSettings
from rnn_core.tasks.narma import Narma, NarmaSettings, driven
from rnn_core.tasks.plant import Plant, PlantSettings
from rnn_core.tasks.primitives import CHAINS, Primitives, PrimitivesSettings
from rnn_core.tasks.stocks import SIGMA, Stocks, StocksSettings, shares
from rnn_core.tasks.sum_of_sines import SumOfSines, SumOfSinesSettings


@pytest.mark.parametrize("ahead", [1, 7])
def test_sines_have_their_periods_and_variance(ahead, generator):
    task = SumOfSines(SumOfSinesSettings(ahead=ahead, waves=2, length=161))
    batch = task.sample(300, generator)
    assert task.periods.tolist() == pytest.approx([8, 160])
    assert torch.allclose(batch.x[:, 160], batch.x[:, 0], atol=1e-4)
    assert torch.equal(batch.target[:, :-ahead], batch.x[:, ahead:])
    assert float(batch.target.var()) == pytest.approx(1, rel=0.05)
    assert task.loss(batch.x, batch) == pytest.approx(task.baseline().value, rel=0.05)


def test_narma_by_a_loop_of_plain_numbers():
    u = [random.random() / 2 for _ in range(40)]
    v = [0.0]
    for t in range(40):
        past = sum(v[max(0, t - 9) : t + 1])
        delayed = u[t - 9] if t >= 9 else 0.0
        v.append(0.3 * v[t] + 0.05 * v[t] * past + 1.5 * delayed * u[t] + 0.1)
    got = driven(torch.tensor([u], dtype=torch.float64))[0].tolist()
    assert got == pytest.approx(v[1:], abs=1e-12)


def test_narma_never_runs_away(generator):
    batch = Narma(NarmaSettings(length=500)).sample(300, generator)
    assert batch.target.max() <= 1 and batch.target.min() >= 0.1
    assert Narma().baseline().value == pytest.approx(0.0103, rel=0.05)


@pytest.mark.parametrize("order", ["third", "first"])
def test_the_plant_by_a_loop_of_plain_numbers(order, generator):
    task = Plant(PlantSettings(order=order, length=30))
    for batch in (task.sample(2, generator), task.held_out(2, generator)):
        v, u = [0.0, 0.0, 0.0], [0.0, *batch.x[0, :, 0].double().tolist()]
        for t in range(1, 31):
            if order == "third":
                new = (v[-1] * v[-2] * v[-3] * u[t - 1] * (v[-3] - 1) + u[t]) / (1 + v[-2] ** 2 + v[-3] ** 2)
            else:
                new = v[-1] / (1 + v[-1] ** 2) + u[t] ** 3
            v.append(new)
        assert batch.target[0, :, 0].tolist() == pytest.approx(v[3:], abs=1e-5)


def test_the_plant_is_held_out_by_another_kind_of_push(generator):
    task = Plant()
    learnt, held = task.sample(200, generator).x[..., 0], task.held_out(200, generator).x[..., 0]
    assert learnt.abs().max() <= 1 and held.abs().max() <= 1
    assert (learnt.diff(dim=1) == 0).float().mean() > 0.5 and not (held.diff(dim=1) == 0).any()


def test_a_walk_moves_by_chance(generator):
    batch = Stocks().sample(500, generator)
    moves = (batch.target - batch.x)[..., 0]
    assert float(moves.var()) == pytest.approx(1, rel=0.05) and abs(float(moves.mean())) < 0.05
    assert float((moves[:, 1:] * moves[:, :-1]).mean()) == pytest.approx(0, abs=0.05)
    assert Stocks().baseline().value == 1.0 and Stocks().metric(batch.x, batch) == 1.0


def test_real_prices_are_split_by_time(generator):
    task = Stocks(StocksSettings(prices="real", length=10))
    logs, digest = shares()
    assert logs.shape == (105, 6) and task.data_hash == digest and len(digest) == 64
    batch = task.held_out(40, generator)
    assert batch.x.shape == (40, 10, 1) and not batch.x[:, 0].any()
    steps = (logs[-35:].diff(dim=0) / SIGMA).flatten()
    drawn = (batch.target - batch.x).flatten().double()
    assert (drawn.unsqueeze(1) - steps).abs().amin(1).max() < 1e-4
    assert Stocks(StocksSettings(prices="real", length=300)).held_out(3, generator).x.shape[1] == 34


def test_the_eight_is_drawn_from_where_it_was_started(generator):
    task = FigureEight(FigureEightSettings(length=40, lap=20))
    batch = task.sample(5, generator)
    for row in range(5):
        start = math.atan2(*batch.x[row, 0].tolist())
        for t in (0, 7, 39):
            angle = start + 2 * math.pi * (t + 1) / 20
            assert batch.target[row, t].tolist() == pytest.approx([math.sin(angle), math.sin(2 * angle)], abs=1e-4)
    assert not batch.x[:, 1:].any() and task.baseline().value == pytest.approx(0.5)


def test_chains_are_told_at_the_start_and_made_of_their_pieces(generator):
    task = Primitives(PrimitivesSettings(piece=12, told=3))
    assert sorted(CHAINS) == ["AAB", "AAC", "ABB", "ACC", "BAA", "BBA", "BBC", "BCC", "CAA", "CBB", "CCA", "CCB"]
    batch = task.sample(200, generator)
    assert batch.x.shape == (200, 36, 13) and not batch.x[:, 3:, 1:].any()
    assert torch.equal(batch.x[:, 2, 1:], batch.x[:, 0, 1:])
    for row in range(20):
        chain = CHAINS[int(batch.x[row, 0, 1:].argmax())]
        curve = batch.x[row, :, 0]
        size = float(curve.abs().max())
        for k, piece in enumerate(chain):
            rounds = "ABC".index(piece) + 1
            wave = torch.tensor([math.sin(2 * math.pi * rounds * s / 12) for s in range(12)])
            own = curve[12 * k : 12 * k + 12]
            scale = float((own * wave).sum() / (wave * wave).sum())
            assert torch.allclose(own, scale * wave, atol=1e-4) and 0.8 <= scale <= 1.2
        assert size <= 1.2
    squares = [float((b.target - b.x[..., :1]).pow(2).mean()) for b in (task.sample(500, generator),) * 3]
    assert statistics.fmean(squares) == pytest.approx(task.baseline().value, rel=0.1)


def test_a_wrong_piece_is_marked(generator):
    task = Primitives()
    batch = task.made(torch.tensor([0]), torch.ones(1))
    y = batch.target.clone()
    y[0, 25] += 1
    told = task.story(batch, 0, y)
    assert told.expected == "AAB" and told.said == "A?B" and not told.right
