"""D13, automata inside networks: smallest automata, and what is read from wired and from trained networks."""
from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

import rnn_core as rc
from rnn_core.verify.check import Finding, above, equal, long, quick

SMALLEST = {"1": 2, "2": 3, "3": 5, "4": 4, "5": 4, "6": 3, "7": 5}
PREFIX, REST, SEEDS, UPDATES = 6, 6, (0, 1, 2), 400
TRAINED = (("second_order", 0.05, "4", 3), ("second_order", 0.05, "6", 3), ("elman", 0.02, "4", 3),
           ("elman", 0.02, "6", 2))


@quick
def smallest_automata() -> Iterator[Finding]:
    """Strings of up to 6 symbols are told apart by what up to 6 more make of them: as many kinds as states."""
    prefixes = [s for length in range(PREFIX + 1) for s in itertools.product((0, 1), repeat=length)]
    for language, states in SMALLEST.items():
        task = _task(language)
        rests = [s for length in range(1, REST + 1) for s in itertools.product((0, 1), repeat=length)]
        whole = torch.tensor([[*p, *r, *[-1] * (PREFIX + REST - len(p) - len(r))] for p in prefixes for r in rests])
        belongs = task.show(whole).target[:, -1].view(len(prefixes), len(rests))
        yield equal(f"Tomita {language}: kinds of strings, by enumeration", states, len(belongs.unique(dim=0)))
        merged = task.automaton.minimal().states
        yield equal(f"Tomita {language}: states of the task's automaton, merged", states, merged)


@quick
def read_from_a_wired_network() -> Iterator[Finding]:
    """A network wired to be an automaton is read back as just that automaton."""
    for language in ("3", "6"):
        spec = rc.Experiment.of("second_order", "tomita", language=language, hidden_size=7)
        network, task = spec.make_network(), spec.make_task()
        moves, accepts = task.automaton.moves, task.automaton.answers
        cell, readout = network.cells[0], network.readout
        with torch.no_grad():
            for p in network.parameters():
                p.zero_()
            cell.b.fill_(-10)
            for q, k in itertools.product(range(len(moves)), range(2)):
                cell.W[moves[q, k], q, k] = 20
                readout.V[int(accepts[q]), q] = 1
        found = rc.automaton(network, task.held_out(32, torch.Generator().manual_seed(0)), task).found
        yield equal(f"Tomita {language}: the moves, one by one", str(moves.tolist()), str(found.moves.tolist()))
        yield equal(f"Tomita {language}: the states that accept", str(accepts.tolist()),
                    str(found.answers.bool().tolist()))


@long
def read_from_trained_networks() -> Iterator[Finding]:
    """Networks trained on Tomita 4 and 6, three seeds: inside is the smallest automaton of the language."""
    for architecture, rate, language, least in TRAINED:
        found, fresh = [], None
        for seed in SEEDS:
            run = rc.train(rc.Experiment.of(architecture, "tomita", language=language, hidden_size=6, seed=seed,
                                            learning_rate=rate, batch_size=64, updates=UPDATES), quiet=True)
            fresh = rc.automaton(run.spec, rows=64)
            found.append(rc.automaton(run, rows=64))
        name = f"{architecture} on Tomita {language}, H = 6, {UPDATES} updates"
        right = [one.found.states for one in found if _alike(one, language)]
        yield above(f"{name}: seeds of three whose automaton sorts all strings up to 12 symbols", least, len(right))
        yield equal(f"{name}: the states of each of those", str([SMALLEST[language]] * len(right)), str(right))
        yield equal(f"{name}: whether a fresh network holds it", "no", "yes" if _alike(fresh, language) else "no")


def _task(language: str) -> object:
    return rc.Experiment.of("elman", "tomita", language=language).make_task()


def _alike(one: object, language: str) -> bool:
    """Whether the automaton, run here by its table, sorts every string of 1 to 12 symbols."""
    task = _task(language)
    for length in range(1, 13):
        strings = torch.tensor(list(itertools.product((0, 1), repeat=length)))
        state = torch.zeros(len(strings), dtype=torch.long)
        for symbol in strings.T:
            state = one.found.moves[state, symbol]
        if not torch.equal(one.found.answers[state], task.show(strings).target[:, -1]):
            return False
    return True
