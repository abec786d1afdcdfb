"""What every task of the catalogue must keep: shapes, determinism, padding, a truthful story, a baseline."""

from __future__ import annotations

import math

import pytest
import torch

from rnn_core import catalogue
from rnn_core.records import Batch, describe_settings

TASKS = sorted(catalogue.task_classes())
FLAGS = {name: [info.name for info in describe_settings(kind.Settings) if info.kind == "flag"]
         for name, kind in catalogue.task_classes().items()}
CASES = [(name, flags) for name in TASKS for flags in ({}, *({flag: True} for flag in FLAGS[name]))]


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *case[1]]))
def task(request):
    """Each task, plain and with each of its flags set."""
    name, flags = request.param
    kind = catalogue.task_classes()[name]
    return kind(kind.Settings(**flags))


def outputs(task, batch: Batch, seed: int = 1) -> torch.Tensor:
    """Some outputs (b, t, o) that a network might give."""
    return torch.randn(*batch.target.shape[:2], task.output_size, generator=torch.Generator().manual_seed(seed))


def test_shapes(task, generator):
    for batch in (task.sample(6, generator), task.held_out(6, generator)):
        t = batch.x.shape[1]
        assert batch.x.shape == (6, t, task.input_size) and batch.x.dtype == torch.float32
        if batch.target.is_floating_point():
            assert batch.target.shape == (6, t, task.output_size)
        else:
            assert batch.target.shape == (6, t)
            assert 0 <= batch.target.min() and batch.target.max() < task.output_size
        assert batch.counted.shape == (6, t) and batch.counted.any(1).all()
        assert all(v is None or v.dtype == torch.bool for v in (batch.mask, batch.scored))


def test_the_generator_alone_decides(task):
    def drawn(seed: int) -> Batch:
        return task.sample(5, torch.Generator().manual_seed(seed))

    torch.manual_seed(1)
    first = drawn(3)
    torch.manual_seed(2)
    again, other = drawn(3), drawn(4)
    assert all(a is b is None or torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.x, other.x)


@pytest.mark.parametrize("name", [name for name, flags in CASES if "ragged" in flags])
def test_what_stands_where_no_step_is_changes_nothing(name, generator):
    task = catalogue.task_classes()[name](catalogue.task_classes()[name].Settings(ragged=True))
    batch = task.sample(8, generator)
    y = outputs(task, batch)
    noisy = batch._replace(x=torch.where(batch.mask.unsqueeze(-1), batch.x, torch.nan))
    loud = torch.where(batch.mask.unsqueeze(-1), y, torch.nan)
    assert not batch.mask.all()
    assert torch.equal(task.loss(loud, noisy), task.loss(y, batch))
    assert task.metric(loud, noisy) == task.metric(y, batch)
    assert task.story(noisy, 0, loud) == task.story(batch, 0, y)


def test_the_loss_teaches(task, generator):
    batch = task.sample(4, generator)
    y = outputs(task, batch).requires_grad_()
    loss = task.loss(y, batch)
    loss.backward()
    assert loss.dim() == 0 and math.isfinite(loss.detach())
    felt = y.grad.abs().sum(-1) > 0
    assert not felt[~batch.counted].any() and felt[batch.counted].all()


def test_stories_tell_the_truth(task, generator):
    batch = task.sample(6, generator)
    y = outputs(task, batch)
    for row in range(6):
        told, answered = task.story(batch, row), task.story(batch, row, y)
        assert told.said is None and told.right is None and told.expected
        assert told.inputs == answered.inputs and told.expected == answered.expected and answered.said
        assert all(0 <= m < len(told.inputs) for m in told.marks) and told.marks
        assert told.targets is None or len(told.targets) == len(told.inputs)
        assert len(told.inputs) == (batch.x.shape[1] if batch.mask is None else int(batch.mask[row].sum()))


def test_a_perfect_answer_is_right(task, generator):
    batch = task.sample(6, generator)
    if batch.target.is_floating_point():
        y = batch.target.clone()
    else:
        y = 30 * torch.nn.functional.one_hot(batch.target.clamp(min=0), task.output_size).float()
    assert all(task.story(batch, row, y).right for row in range(6))
    assert task.metric(y, batch) == pytest.approx({"lower": 0, "higher": 1}[task.metric_better], abs=1e-6)
    assert float(task.loss(y, batch)) == pytest.approx(0, abs=1e-6)


def test_the_card_and_the_baseline_speak(task):
    baseline = task.baseline()
    assert task.card.title and task.card.summary.endswith(".") and task.card.year > 1900
    assert task.metric_name and task.loss_name and task.metric_better in ("lower", "higher")
    assert math.isfinite(baseline.value) and baseline.loss > 0 and baseline.sentence
    assert not baseline.sentence.endswith(".")


def test_settings_have_ranges_and_sentences(task):
    for info in describe_settings(type(task.settings)):
        assert info.help.endswith(".")
        assert info.kind in ("flag", "choice") or None not in (info.low, info.high)
