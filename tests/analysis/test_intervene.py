"""Interventions: held, clamped and overwritten runs equal what a hand-written loop with the same change gives."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.analysis.intervene import changed_input, edited
from rnn_core.networks.bidirectional import Bidirectional
from rnn_core.networks.single import Single
from rnn_core.records import Batch, Intervention
from rnn_core.records.trees import paths
from tests.cells.cases import identical, one_sentence, same
from tests.covering import architectures_with_wirings

LENGTH, ROWS = 9, 4
SPECS = [rc.Experiment.of(a, "adding", wiring=w, hidden_size=3, length=LENGTH, ragged=True)
         for a, w in architectures_with_wirings()]
NAMES = [f"{s.architecture}-{s.wiring}" for s in SPECS]


def parts(spec: rc.Experiment) -> tuple:
    """A fresh network in float64, held-out sequences of uneven length, and the task's loss."""
    run = rc.Run(spec)
    batch = run.held_out.rows(slice(0, ROWS))
    return run.network.double(), batch._replace(x=batch.x.double(), target=batch.target.double()), run.task.loss


def lstm(length: int = LENGTH) -> tuple:
    return parts(rc.Experiment.of("lstm", "adding", hidden_size=3, length=length))


def hold(name: str, value: float, unit: int | None = None, first: int = 0, last: int | None = None,
         which: int = 0) -> Intervention:
    return Intervention(kind="hold", name=name, value=value, unit=unit, first=first, last=last, which=which)


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_nothing_done_changes_nothing(spec):
    found = rc.intervene(*parts(spec))
    assert found.after is found.before and found.loss_before == found.loss_after
    assert "nothing was done" in found.says


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_a_probe_held_at_its_own_value_changes_nothing(spec):
    network, batch, loss = parts(spec)
    batch, tried = batch.rows(slice(0, 1)), 0
    for which, one in enumerate(network.trace(batch.x, mask=batch.mask).passes):
        for name, value in one.probes.items():
            at = 2
            holds = [hold(name, float(v), k, at, at, which) for k, v in enumerate(value[0, at].flatten())]
            try:
                found = rc.intervene(network, batch, loss, holds)
            except ValueError as refused:
                assert "handed to the step" in str(refused)
                continue
            same(found.after.outputs, found.before.outputs)
            same(found.after.passes[which].probes, one.probes)
            assert found.loss_before == pytest.approx(found.loss_after, abs=1e-12) and "changes nothing" in found.says
            tried += 1
    assert tried


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_held_values_are_what_is_shown_where_they_are_held(spec):
    network, batch, loss = parts(spec)
    before = network.trace(batch.x, mask=batch.mask)
    for which, one in enumerate(before.passes):
        for name, value in one.probes.items():
            try:
                found = rc.intervene(network, batch, loss, [hold(name, 0.25, 0, 2, 4, which)])
            except ValueError as refused:
                assert "handed to the step" in str(refused)
                continue
            shown = found.after.passes[which].probes[name]
            assert shown.isnan().equal(value.isnan()) and bool(value.isnan().any())
            there = batch.mask[:, 2:5]
            assert (shown[:, 2:5].flatten(2)[..., 0][there] == 0.25).all()
            turned = one.in_time(shown.flatten(2)), one.in_time(value.flatten(2))
            first = LENGTH - 5 if one.reverse else 2
            same(turned[0][:, :first], turned[1][:, :first])
            assert bool(torch.isfinite(found.after.outputs).all())
            again = found.after.row(1).passes[which].probes[name]
            same(again, shown[1:2])


def test_keeping_all_and_writing_nothing_freezes_the_cell():
    network, batch, loss = lstm()
    found = rc.intervene(network, batch, loss, [hold("f", 1.0, first=3), hold("i", 0.0, first=3)])
    c = found.after.main.states.c
    for t in range(3, LENGTH):
        identical(c[:, t], found.before.main.states.c[:, 2])
    assert (found.after.main.probes["f"][:, 3:] == 1).all() and (found.after.main.probes["i"][:, 3:] == 0).all()


def test_holding_is_the_step_written_by_hand():
    network, batch, loss = lstm()
    cell, state, said = network.cells[0], network.cells[0].initial_state(ROWS), []
    for t in range(LENGTH):
        a = batch.x[:, t] @ cell.W.T + cell.b + state.h @ cell.R.T
        i, f, g, o = (block(v) for block, v in zip([torch.sigmoid, torch.sigmoid, torch.tanh, torch.sigmoid],
                                                   a.chunk(4, 1), strict=True))
        if 2 <= t <= 5:
            f = torch.cat([f[:, :1], torch.full_like(f[:, 1:2], 0.9), f[:, 2:]], 1)
        c = f * state.c + i * g
        state = type(state)(o * torch.tanh(c), c)
        said.append(network.readout(state.h))
    found = rc.intervene(network, batch, loss, [hold("f", 0.9, 1, 2, 5)])
    same(found.after.outputs, torch.stack(said, 1))
    assert found.loss_after == pytest.approx(loss(torch.stack(said, 1), batch).item(), abs=1e-12)


def test_a_gate_that_two_results_share_a_call_with_is_held_alone():
    network, batch, loss = parts(rc.Experiment.of("gru", "adding", hidden_size=3, length=LENGTH))
    found = rc.intervene(network, batch, loss, [hold("z", 1.0)])
    assert (found.after.main.states.h == 0).all()
    assert (found.after.main.probes["r"] != 1).all()


@pytest.mark.parametrize("wiring", ["stack", "bidirectional"])
def test_layers_and_passes_are_told_apart(wiring):
    network, batch, loss = parts(rc.Experiment.of("lstm", "adding", wiring=wiring, hidden_size=3, length=LENGTH))
    if wiring == "stack":
        found = rc.intervene(network, batch, loss, [hold("1.f", 0.0, first=4)])
        same(found.after.main.probes["0.h"], found.before.main.probes["0.h"])
        assert (found.after.main.probes["1.f"][:, 4:] == 0).all()
    else:
        found = rc.intervene(network, batch, loss, [hold("f", 0.0, first=4, which=1)])
        identical(found.after.passes[0].outputs, found.before.passes[0].outputs)
        same(found.after.passes[1].probes["f"][:, :4][..., 0] != 0, torch.ones(ROWS, 4, dtype=torch.bool))
        assert (found.after.passes[1].probes["f"][:, 4:] == 0).all()


@pytest.mark.parametrize("spec", SPECS, ids=NAMES)
def test_clamping_and_another_start_are_a_loop_with_the_state_overwritten(spec):
    network, batch, loss = parts(spec)
    which = len(network.cells) - 1
    name, field = paths(network.trace(batch.x).passes[which].entering)[0]
    done = [Intervention(kind="clamp", name=name, unit=1 % field.flatten(2).shape[2], first=3, last=4, value=0.7,
                         which=which), Intervention(kind="start", name=name, value=-0.4, which=which)]
    found = rc.intervene(network, batch, loss, done)
    one = found.after.passes[which]
    entering = dict(paths(one.in_time(one.entering)))[name].flatten(2)
    assert (entering[:, 0] == -0.4).all()
    clamped = dict(paths(one.entering))[name].flatten(2)[:, 3:5, 1 % field.flatten(2).shape[2]]
    assert (clamped[batch.mask[:, 3:5]] == 0.7).all()
    alone = [rc.intervene(network, batch.rows(slice(k, k + 1)), loss, done).after.outputs for k in range(ROWS)]
    same(found.after.outputs, torch.cat(alone))
    assert found.after.outputs[~batch.mask].abs().sum() == 0


def test_an_edited_weight_is_a_copy_with_that_weight():
    network, batch, loss = lstm()
    before = copy.deepcopy(network.state_dict())
    twin = copy.deepcopy(network)
    with torch.no_grad():
        twin.cells[0].R[2, 1] = 3.0
    for name in ("cells.0.R", "R"):
        done = [Intervention(kind="weight", name=name, unit=7, value=3.0)]
        identical(rc.intervene(network, batch, loss, done).after.outputs, twin.trace(batch.x).outputs)
        assert edited(network, done).cells[0].R[2, 1] == 3.0
    identical(network.state_dict(), before)
    silent = rc.intervene(network, batch, loss, [Intervention(kind="weight", name="V", value=0.0),
                                                 Intervention(kind="weight", name="d", value=0.0)])
    assert (silent.after.outputs == 0).all()


def test_an_edited_input_is_another_sequence():
    network, batch, loss = lstm()
    x = batch.x.clone()
    x[:, 2:4, 0] = 5.0
    done = [Intervention(kind="input", unit=0, first=2, last=3, value=5.0)]
    identical(changed_input(batch.x, done), x)
    found = rc.intervene(network, batch, loss, done)
    identical(found.after.outputs, network.trace(x).outputs)
    identical(found.outputs[:, :2], torch.zeros(ROWS, 2, 1, dtype=torch.float64))
    assert not torch.equal(batch.x, x)


def test_several_at_once_act_together():
    network, batch, loss = lstm()
    done = [hold("f", 1.0, first=3), hold("i", 0.0, first=3), Intervention(kind="weight", name="V", value=1.0),
            Intervention(kind="start", name="c", value=0.5), Intervention(kind="input", first=0, last=0, value=0.0)]
    found = rc.intervene(network, batch, loss, done)
    x = batch.x.clone()
    x[:, 0] = 0
    start = network.cells[0].initial_state(ROWS)._replace(c=torch.full((ROWS, 3), 0.5, dtype=torch.float64))
    alone = edited(network, done).trace(x[:, :3], state=start)
    same(found.after.outputs[:, :3], alone.outputs)
    assert found.says.count(" and ") == 3 and "2 more" in found.says


class Borrowed(rc.Cell):
    """A cell of a visitor's own: one probe made before the step, one handed in, one counted in whole numbers."""

    card = rc.Card(title="Borrowed", row="", year=2000, reference="nobody", summary="A cell for tests.")

    def __init__(self, input_size, settings=None, output_size=None):
        super().__init__(input_size, settings, output_size)
        self.W = torch.nn.Parameter(torch.ones(self.settings.hidden_size, input_size))

    def initial_state(self, batch_size):
        n = self.settings.hidden_size
        return {"h": self.zeros(batch_size, n), "k": torch.zeros(batch_size, 1, dtype=torch.long)}

    def project(self, x):
        return torch.nn.functional.linear(x, self.W)

    def advance(self, drive, state):
        k = state["k"] + 1
        h = torch.tanh(drive + state["h"])
        both = torch.stack([h, -h], 2)
        return h, {"h": h, "k": k}, {"a": drive, "u": state["h"], "k": k, "h": h, "both": both}


def borrowed() -> tuple:
    network = Single.build(lambda i, o: Borrowed(i, rc.RecurrentSettings(hidden_size=2)), 1, 1, None)
    x = torch.linspace(-1, 1, 12).reshape(2, 6, 1)
    return network, Batch(x, torch.zeros(2, 6, 1)), lambda y, batch: (y - batch.target).pow(2).mean()


def test_a_cell_of_ones_own_can_be_held_clamped_and_edited():
    network, batch, loss = borrowed()
    found = rc.intervene(network, batch, loss, [hold("h", 0.5, 1, 2, 3)])
    assert (found.after.main.states["h"][:, 2:4, 1] == 0.5).all()
    found = rc.intervene(network, batch, loss, [hold("both", 0.5, 3, 2, 3)])
    assert (found.after.main.probes["both"][:, 2:4, 1, 1] == 0.5).all()
    found = rc.intervene(network, batch, loss, [hold("k", 9.0, first=2, last=2)])
    assert found.after.main.states["k"][0, :, 0].tolist() == [1, 2, 9, 10, 11, 12]
    found = rc.intervene(network, batch, loss, [Intervention(kind="weight", name="W", value=0.0)])
    assert (found.after.main.states["h"] == 0).all()


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (hold("q", 1.0), "no probe “q”: it has a, u, k, h, both"),
        (hold("a", 1.0), "“a” is handed to the step"),
        (hold("u", 1.0), "“u” is handed to the step"),
        (hold("h", 1.0, unit=2), "h has 2 units, numbered from 0: there is no unit 2"),
        (hold("h", 1.0, first=6), "steps 0 to 5: there is no step 6"),
        (hold("h", 1.0, last=6), "there is no step 6"),
        (hold("k", 0.5), "“k” counts in whole numbers"),
        (hold("k", 1e12), "“k” counts in whole numbers"),
        (hold("h", 1.0, which=1), "counted from 0 to 0: there is no pass 1"),
        (Intervention(kind="clamp", name="c", value=0.0), "no state “c”: it has h, k"),
        (Intervention(kind="start", name="h", unit=5, value=0.0), "there is no unit 5"),
        (Intervention(kind="weight", name="Z", value=0.0), "no weights “Z”: it has cells.0.W, readout.V, readout.d"),
        (Intervention(kind="weight", name="W", unit=2, value=0.0), "there is no unit 2"),
        (Intervention(kind="input", unit=1, value=0.0), "there is no unit 1"),
        (Intervention(kind="input", first=8, value=0.0), "there is no step 8"),
    ],
)
def test_what_does_not_fit_gets_one_sentence_and_nothing_is_lost(one, words):
    network, batch, loss = borrowed()
    weights, x = copy.deepcopy(network.state_dict()), batch.x.clone()
    with pytest.raises(ValueError, match=words) as caught:
        rc.intervene(network, batch, loss, [hold("h", 0.1, 0), one])
    one_sentence(str(caught.value))
    identical(network.state_dict(), weights)
    identical(batch.x, x)


class Fickle(Borrowed):
    """A cell that computes in another order at each step, which no cell should."""

    turn = 0

    def advance(self, drive, state):
        self.turn += 1
        if self.turn % 2:
            drive = drive + 0
        return super().advance(drive, state)


def test_a_cell_that_changes_its_order_is_refused():
    network = Single.build(lambda i, o: Fickle(i, rc.RecurrentSettings(hidden_size=2)), 1, 1, None)
    _, batch, loss = borrowed()
    with pytest.raises(ValueError, match="same order at every step"):
        rc.intervene(network, batch, loss, [hold("h", 0.1)])


def test_inputs_that_are_no_numbers_cannot_be_overwritten():
    with pytest.raises(ValueError, match="reads something else"):
        changed_input(torch.zeros(2, 5, dtype=torch.long), [Intervention(kind="input", value=0.0)])


def test_differences_and_their_table():
    network, batch, loss = parts(rc.Experiment.of("lstm", "adding", wiring="bidirectional", hidden_size=3,
                                                  length=LENGTH, ragged=True))
    found = rc.intervene(network, batch, loss, [hold("f", 0.0, first=3, which=1)])
    gap: dict[str, Tensor] = found.states(1)
    assert list(gap) == ["h", "c"] and gap["c"].isnan().any(-1).equal(~batch.mask)
    old, new = found.before.passes[1].states.c, found.after.passes[1].states.c
    same(gap["c"][batch.mask], (new - old)[batch.mask])
    assert all((v.nan_to_num() == 0).all() for v in found.states(0).values())
    size = torch.cat([v for w in (0, 1) for v in found.states(w).values()], -1).norm(dim=-1)
    table = found.frame()
    same(torch.tensor(table["states"].to_numpy()), size.flatten())
    assert len(table) == ROWS * LENGTH and isinstance(network, Bidirectional)
    assert "from" in found.says and f"{found.loss_after:.4g}" in found.says


def test_a_touched_trace_has_the_touched_jacobians():
    network, batch, loss = lstm()
    found = rc.intervene(network, batch, loss, [hold("f", 1.0), hold("i", 0.0), hold("o", 0.0)])
    A, _ = rc.step_jacobians(found.after.main)
    wanted = torch.zeros(6, 6, dtype=torch.float64)
    wanted[3:, 3:] = torch.eye(3)
    same(A, wanted.expand_as(A))
