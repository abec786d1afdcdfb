"""A population: its genes, its generations, and whose children its best network is."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.words import note, plain, say, table_twin

VIEWS = ("Genes", "Generations", "Family")
EXAMPLE = {"hidden_size": 4, "length": 30, "sure_only": True, "population": 60, "batch_size": 8, "updates": 20}


@st.cache_resource(max_entries=1, show_spinner=False)
def _example() -> rc.Run:
    """A small population: an Elman net of 29 genes on temporal XOR, twenty generations."""
    return rc.train(rc.Experiment.of("elman", "temporal_xor", "genetic", **EXAMPLE), quiet=True)


def evolved(hand: Hand) -> None:
    """The section: the population of the run in hand, or that of a small example where its rule keeps none."""
    run, mine = hand.run, hand.run.learner.told() is not None
    if not mine:
        run = _example()
        st.markdown(
            f"The rule in hand, {plain(rc.learners()[hand.spec.learner].title)}, has no population yet, so here is "
            f"**an example**: {EXAMPLE['population']} Elman nets of 29 weights on temporal XOR, after "
            f"{EXAMPLE['updates']} generations. Choose a rule such as the genetic algorithm on the page Train to see "
            "your own."
        )
    view = st.segmented_control("Shown", VIEWS, default=VIEWS[0], required=True, key="population_view",
                                label_visibility="collapsed") or VIEWS[0]
    if view == "Family":
        _family(run)
        return
    found = rc.population(run)
    if view == "Genes":
        show(rc.figures.population(found, theme=mode()), key="population")
        note("Networks are sorted by their loss. A stripe that runs across is a gene that all share, often since all "
             "descend from one network. Ochre is negative, blue positive; the colours end where one gene in ten lies "
             "beyond.")
        say(found.says, found.says_not)
        table_twin(found.members, "The networks as a table")
        table_twin(found.genes, "The genes as a table")
    else:
        show(rc.figures.generations(found, theme=mode()), key="generations")
        note("The best goes on unchanged, so on the same sequences its line never rises. The band reaches to the "
             "middle of the population; where it closes, all networks have become alike.")
        say(found.says, found.says_not)
        table_twin(found.frame, "The generations as a table")


def _family(run: rc.Run) -> None:
    try:
        found = rc.genealogy(run)
    except ValueError as error:
        st.info(plain(error), icon=":material/info:")
        return
    show(rc.figures.genealogy(found, theme=mode()), key="genealogy")
    note(f"The last {len(found.losses)} generations. Only the best and its forebears are joined by thick lines.")
    say(found.says, found.says_not)
    table_twin(found.frame, "The forebears as a table")
