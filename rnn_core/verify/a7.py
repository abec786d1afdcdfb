"""A7, long short-term memory: it equals torch.nn.LSTM, its variants their equations; it counts, and it adds."""
from __future__ import annotations

import math
import statistics
from collections.abc import Iterator

import torch
from torch import Tensor

import rnn_core as rc
from rnn_core.verify.against_torch import INPUTS, UNITS, against_torch
from rnn_core.verify.check import Finding, above, below, equal, gradients, long, near, quick, same

SEEDS, UPDATES, FAR = (0, 1, 2), 1600, 1e3
#: Blocks in their order, gates with peepholes, and the number of weights at I = 10, H = 20.
VARIANTS = {"forget": ("ifgo", "", 2480), "1997": ("igo", "", 1860), "peepholes": ("ifgo", "ifo", 2540),
            "coupled": ("igo", "io", 1900), "no input gate": ("fgo", "fo", 1900), "no forget gate": ("igo", "io", 1900),
            "no output gate": ("ifg", "if", 1900), "linear input": ("ifgo", "ifo", 2540),
            "linear output": ("ifgo", "ifo", 2540), "full recurrence": ("ifgo", "ifo", 6140)}


@quick
def equals_torch() -> Iterator[Finding]:
    """Outputs and gradients equal those of torch.nn.LSTM."""
    yield from against_torch(torch.nn.LSTM(INPUTS, UNITS, batch_first=True), "LSTM")


@quick
def equals_its_equations() -> Iterator[Finding]:
    """Every gate of every variant, written out here, equals the probe of its name."""
    x = torch.randn(3, 7, 3, dtype=torch.float64)
    for variant in VARIANTS:
        cell = _random(variant)
        probes, by_hand = rc.unroll(cell, x).probes, _by_hand(cell, x, variant)
        for name, value in by_hand.items():
            yield same(f"{variant}: {name} at every step", probes[name], value, 1e-12)
        yield equal(f"{variant}: what can be seen", " ".join(by_hand), " ".join(probes))


@quick
def a_part_held_is_a_part_left_out() -> Iterator[Finding]:
    """A gate that is wired to 1 is no gate, peepholes of 0 are no peepholes: with a part held a variant is another."""
    x = torch.randn(3, 7, 3, dtype=torch.float64)
    for variant, gate, other in (("forget", "f", "1997"), ("peepholes", "i", "no input gate"),
                                 ("peepholes", "f", "no forget gate"), ("peepholes", "o", "no output gate")):
        whole, part = _random(variant), _random(other)
        _give(part, _parts(whole))
        _give(whole, {f"b_{gate}": torch.full((4,), FAR), **{f"{k}_{gate}": torch.zeros(()) for k in "WRp"}})
        yield same(f"{variant} with {gate} ≡ 1 is {other}", rc.unroll(part, x).outputs, rc.unroll(whole, x).outputs,
                   1e-15)
    plain, seeing, listening = _random("forget"), _random("peepholes"), _random("full recurrence")
    _give(seeing, _parts(plain) | {f"p_{k}": torch.zeros(()) for k in "ifo"})
    yield same("peepholes of 0 are none", rc.unroll(seeing, x).outputs, rc.unroll(plain, x).outputs, 1e-15)
    _give(listening, _parts(seeing))
    with torch.no_grad():
        listening.Q.zero_()
    yield same("gates that do not listen to gates are those with peepholes", rc.unroll(listening, x).outputs,
               rc.unroll(seeing, x).outputs, 1e-15)


@quick
def peepholes_by_plain_numbers() -> Iterator[Finding]:
    """Peepholes, number by number without a tensor; their slope in p is that of central differences."""
    cell = _random("peepholes")
    x = torch.randn(7, 3, dtype=torch.float64)
    yield same("h of one sequence", rc.unroll(cell, x.unsqueeze(0)).outputs[0],
               torch.tensor(_plain(cell, x), dtype=torch.float64), 1e-12)
    slope, = gradients(rc.unroll(cell, x.unsqueeze(0)).outputs.sum(), [cell.p])
    rough = torch.zeros_like(slope)
    with torch.no_grad():
        for k in range(cell.p.numel()):
            ends = []
            for step in (1e-5, -2e-5, 1e-5):
                cell.p.view(-1)[k] += step
                ends.append(sum(map(sum, _plain(cell, x))))
            rough.view(-1)[k] = (ends[0] - ends[1]) / 2e-5
    yield same("∂Σh/∂p", slope, rough, 1e-8)


@quick
def counts() -> Iterator[Finding]:
    """The number of parameters is 4H(I + H + 1), H(I + H + 1) less without a gate, and H more for each peephole."""
    for variant, (*_, expected) in VARIANTS.items():
        cell = rc.make_cell("lstm", 10, hidden_size=20, variant=variant)
        yield equal(f"parameters at I = 10, H = 20: {variant}", expected, sum(p.numel() for p in cell.parameters()))


@quick
def wired_cells_count() -> Iterator[Finding]:
    """Four cells wired by hand tell of every prefix of aⁿbⁿ which symbols may follow."""
    module = torch.nn.LSTM(3, 4, batch_first=True).double()
    with torch.no_grad():
        for p in module.parameters():
            p.zero_()
        i, f, g, o = module.bias_ih_l0.view(4, 4)
        i[:], f[:], o[:] = 60.0, torch.tensor([60.0, -60.0, -60.0, -60.0]), 60.0
        module.weight_ih_l0.view(4, 4, 3)[2] = 60 * torch.tensor([[0.0, 1, -1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    network = rc.from_torch(module)
    for n in (1, 2, 10, 1000, 10_000):
        string = torch.tensor([0] + [1] * n + [2] * n)
        h = network(torch.nn.functional.one_hot(string, 3).double().unsqueeze(0)).detach()[0]
        more, last = h[:, 0] > 0.38, h[:, 1:].argmax(1)
        legal = torch.stack([last < 2, (last == 1) | ((last == 2) & more), (last == 2) & ~more], 1)
        right = torch.zeros(2 * n + 1, 3, dtype=torch.bool)
        right[:n + 1, 0], right[1:-1, 1], right[-1, 2] = True, True, True
        yield equal(f"n = {n}: prefixes with a wrong answer", 0, int((legal != right).any(1).sum()))
    steps = network.trace(torch.nn.functional.one_hot(torch.tensor([[0] + [1] * 50 + [2] * 50]), 3).double()).main
    count = torch.tensor([*range(51), *range(49, -1, -1)], dtype=torch.float64)
    yield same("n = 50: the counter’s cell at every prefix", steps.probes["c"][0, :, 0].detach(), count, 0.0)


@long
def adds_over_a_hundred_steps() -> Iterator[Finding]:
    """Adding at T = 100: learnt by the LSTM, not by a tanh network with as many weights and updates; three seeds."""
    left, task = {}, None
    for architecture, units in (("lstm", 8), ("elman", 18)):
        for seed in SEEDS:
            spec = rc.Experiment.of(architecture, "adding", length=100, hidden_size=units, learning_rate=0.02,
                                    updates=UPDATES, batch_size=32, seed=seed)
            run = rc.train(spec, quiet=True)
            task = run.task
            batch = task.sample(1000, torch.Generator().manual_seed(100 + seed))
            y = run.network(batch.x).detach()
            left.setdefault(architecture, []).append(task.metric(y, batch))
            if architecture == "lstm" and seed == 0:
                by_hand = _by_hand(run.network.cells[0], batch.x)["h"] @ run.network.readout.V.T + run.network.readout.d
                outputs = (y, by_hand.detach())
    yield near("always saying the mean", 1 / 6, task.baseline().value, 0.005)
    yield below(f"LSTM, {UPDATES} updates: squared error, best of three seeds", 0.01, min(left["lstm"]))
    yield below(f"LSTM, {UPDATES} updates: squared error, median of three seeds", 0.04, statistics.median(left["lstm"]))
    yield above(f"tanh net, {UPDATES} updates: squared error, best of three seeds", 0.1, min(left["elman"]))
    yield above(f"tanh net, {UPDATES} updates: squared error, median", 0.15, statistics.median(left["elman"]))
    yield same("the LSTM's outputs, by a loop written out here", *outputs, 1e-4)


@torch.no_grad()
def _random(variant: str) -> torch.nn.Module:
    """An LSTM in float64 with three inputs, four cells and all weights random."""
    cell = rc.make_cell("lstm", 3, hidden_size=4, variant=variant).double()
    for p in cell.parameters():
        p.normal_()
    return cell


def _parts(cell: torch.nn.Module) -> dict[str, Tensor]:
    """Views of the weights by their letters in the equations: W_i, R_i, b_i, p_i …"""
    blocks, peepholes, _ = VARIANTS[cell.settings.variant]
    found = {f"{name}_{k}": part for name in "WRb"
             for k, part in zip(blocks, getattr(cell, name).detach().chunk(len(blocks)), strict=True)}
    return found | {f"p_{k}": cell.p.detach()[row] for row, k in enumerate(peepholes)}


def _give(cell: torch.nn.Module, weights: dict[str, Tensor]) -> None:
    """Those of the weights that the cell has."""
    for name, part in _parts(cell).items():
        if name in weights:
            part.copy_(weights[name].expand_as(part))


def _by_hand(cell: torch.nn.Module, x: Tensor, variant: str = "forget") -> dict[str, Tensor]:
    """The LSTM's equations, gate by gate: name → (b, t, n); only what the variant has."""
    w, n = _parts(cell), cell.settings.hidden_size
    h = c = torch.zeros(len(x), n, dtype=x.dtype)
    before = {k: torch.zeros_like(c) for k in "ifo"}
    shown = [k for k in "ifgoch" if k in VARIANTS[variant][0] + "ch" or (k == "f" and variant == "coupled")]
    steps: dict[str, list[Tensor]] = {k: [] for k in shown}

    def gate(k: str, cell_state: Tensor) -> Tensor:
        if f"W_{k}" not in w:
            return torch.ones_like(c)
        a = x[:, t] @ w[f"W_{k}"].T + h @ w[f"R_{k}"].T + w[f"b_{k}"] + w.get(f"p_{k}", torch.zeros(n)) * cell_state
        if variant == "full recurrence":
            rows = cell.Q.detach()["ifo".index(k) * n:][:n]
            a = a + sum(before[j] @ rows[:, at * n:][:, :n].T for at, j in enumerate("ifo"))
        return 1 / (1 + torch.exp(-a))

    for t in range(x.shape[1]):
        i = gate("i", c)
        f = 1 - i if variant == "coupled" else gate("f", c)
        g = x[:, t] @ w["W_g"].T + h @ w["R_g"].T + w["b_g"]
        g = g if variant == "linear input" else torch.tanh(g)
        c = f * c + i * g
        o = gate("o", c)
        h = o * (c if variant == "linear output" else torch.tanh(c))
        now = dict(zip("ifgoch", (i, f, g, o, c, h), strict=True))
        before = {k: now[k] for k in "ifo"}
        for k in shown:
            steps[k].append(now[k])
    return {k: torch.stack(v, 1) for k, v in steps.items()}


def _plain(cell: torch.nn.Module, x: Tensor) -> list[list[float]]:
    """h (t, n) of an LSTM with peepholes over x (t, i), in plain numbers."""
    W, R, b, p = (v.tolist() for v in (cell.W, cell.R, cell.b, cell.p))
    n = len(p[0])
    h, c, said = [0.0] * n, [0.0] * n, []
    for given in x.tolist():
        a = [sum(map(float.__mul__, W[k], given)) + sum(map(float.__mul__, R[k], h)) + b[k] for k in range(4 * n)]
        i = [1 / (1 + math.exp(-a[k] - p[0][k] * c[k])) for k in range(n)]
        f = [1 / (1 + math.exp(-a[n + k] - p[1][k] * c[k])) for k in range(n)]
        c = [f[k] * c[k] + i[k] * math.tanh(a[2 * n + k]) for k in range(n)]
        h = [math.tanh(c[k]) / (1 + math.exp(-a[3 * n + k] - p[2][k] * c[k])) for k in range(n)]
        said.append(h)
    return said
