"""The same record on every device that this machine has: the same beginning, nearly the same end, resumed exactly."""

from __future__ import annotations

import pytest

import rnn_core as rc
from rnn_core.experiment import device_exists
from rnn_core.run import Run
from tests.cells.cases import same

DEVICES = [device for device in ("cpu", "cuda", "mps") if device_exists(device)]
SPEC = rc.Experiment.of("gru", "adding", hidden_size=4, length=6, batch_size=4, updates=6, ragged=True)
SPECS = [SPEC, SPEC.with_(architecture="lstm", wiring="bidirectional"),
         SPEC.with_(architecture="elman", wiring="stack"),
         SPEC.with_(architecture="jordan", teacher_forcing=0.5), SPEC.with_(ragged=False, optimiser="rmsprop")]


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{s.architecture}-{s.wiring}")
@pytest.mark.parametrize("device", DEVICES)
def test_trained_resumed_and_looked_at(device, spec, tmp_path):
    reference, run = rc.train(spec, quiet=True), Run(spec.with_(device=device))
    assert {p.device.type for p in run.network.parameters()} == {device}
    same(run.network.cpu().state_dict(), Run(spec).network.state_dict())
    run.network.to(device)
    for step in run.training():
        if step.update == 3:
            checkpoint = run.checkpoint()
    again = Run.resume(run.spec, checkpoint)
    for _ in again.training():
        pass
    assert again.digest() == run.digest()
    same({k: v.cpu() for k, v in run.network.state_dict().items()}, dict(reference.network.state_dict()), atol=1e-4)
    assert all(v.device.type == "cpu" for weights in run.tape.values() for v in weights.values())
    run.save(tmp_path)
    assert rc.load(tmp_path).digest() == run.digest()
    for result in (rc.gradient_norms(run), rc.step_jacobians(run), rc.jacobian_products(run)):
        assert len(result.frame()) and result.says
    assert all(n.value.isfinite().any() for n in rc.step_graph(run).nodes if n.kind == "probe")
