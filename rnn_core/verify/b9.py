"""B9, the locality ledger: what each rule declares is what its code reads, waits for and keeps."""
from __future__ import annotations

import math
from collections.abc import Iterator

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, near, quick

ARCHITECTURES = ("fully_recurrent", "elman", "lstm", "gru", "infinite_impulse")


@quick
def the_code_does_what_the_ledger_says() -> Iterator[Finding]:
    """Waiting by NaN in later steps, keeping by counting, blame by a lone input: every rule on four architectures."""
    for architecture in ARCHITECTURES:
        found = rc.locality(rc.Run(rc.Experiment.of(architecture, "adding", hidden_size=4)))
        for entry in found.entries.values():
            needs = entry.needs
            declared = (needs.waits, needs.keeps, needs.blames, needs.local)
            yield equal(f"{architecture}, {entry.title}", ", ".join(map(str, declared)),
                        ", ".join(map(str, entry.found)))


@quick
def waiting_between_layers() -> Iterator[Finding]:
    """Causal recursive backpropagation keeps nothing for later in one layer, and a window where there are two."""
    for layers, wanted in ((1, "step, step, sequence, True"), (2, "step, window, sequence, True")):
        wired = {"wiring": "stack", "layers": layers} if layers > 1 else {}
        spec = rc.Experiment.of("infinite_impulse", "adding", "causal_recursive", hidden_size=4, **wired)
        entry = rc.locality(spec).entries["causal_recursive"]
        yield equal(f"{layers} of them: measured", wanted, ", ".join(map(str, entry.found)))
        yield equal(f"{layers} of them: the ledger says so", True, entry.agrees)


@quick
def none_of_these_is_local_in_both() -> Iterator[Finding]:
    """A rule that is exact, local in space and local in time is not among them."""
    found = rc.locality(rc.Run(rc.Experiment.of("elman", "adding", hidden_size=4)))
    both = [e.title for e in found.entries.values()
            if e.found == ("step", "step", "sequence", True)]
    yield equal("exact and local in time and space", 0, len(both))


@quick
def costs_grow_as_theory_says() -> Iterator[Finding]:
    """Fitted exponents of a counted Elman network: in T up to 256 steps, in H up to 32 units.

    Kalman training pairs all P weights: P² tends to H⁴, but between 16 and 32 units it grows a little less.
    """
    found = rc.rule_costs(rc.Run(rc.Experiment.of("elman", "adding", hidden_size=8)), lengths=(64, 128, 256),
                          units=(8, 16, 32), steps=64)
    kept, work = "numbers kept", "multiplications"
    few, many = (rc.Run(rc.Experiment.of("elman", "adding", hidden_size=n)).network.parameter_count for n in (16, 32))
    squared = 2 * math.log2(many / few)
    for rule, grows, what, power, within in (
            ("bptt", "length", work, 1, 0.05), ("bptt", "length", kept, 1, 0.1), ("bptt", "units", work, 2, 0.2),
            ("rtrl", "length", work, 1, 0.05), ("rtrl", "length", kept, 0, 0.02), ("rtrl", "units", work, 4, 0.3),
            ("rtrl", "units", kept, 3, 0.3), ("hybrid", "length", kept, 0, 0.02), ("hybrid", "units", work, 3, 0.25),
            ("hybrid", "units", kept, 3, 0.3), ("kalman", "length", work, 1, 0.05), ("kalman", "length", kept, 0, 0.02),
            ("kalman", "units", work, squared, 0.1), ("kalman", "units", kept, squared, 0.1),
            ("truncated_bptt", "length", work, 1, 0.1),
            ("truncated_bptt", "length", kept, 0, 0.02)):
        letter = {"length": "T", "units": "H"}[grows]
        yield near(f"{rule}: {what}, power of {letter}", power, found.exponent(grows, rule, what), within)


@quick
def agreement_of_the_rules() -> Iterator[Finding]:
    """Exact rules agree with BPTT to rounding; truncated BPTT does not, and comes closer as its horizon grows."""
    found = rc.rule_agreement(rc.Run(rc.Experiment.of("lstm", "adding", hidden_size=8, length=40)))
    for rule in ("rtrl", "hybrid"):
        yield near(f"{rule}: relative error", 0.0, found.whole[rule][1], 1e-10)
    errors = [error for _, _, error in found.reach]
    yield above("truncated BPTT: relative error with k2 = 1", 0.01, errors[0])
    yield equal("truncated BPTT: its error falls with every longer horizon", True, errors == sorted(errors)[::-1])
