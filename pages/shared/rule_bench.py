"""Several learning rules side by side: the same network, task and seed, each trained by the engine."""

from __future__ import annotations

import time
from typing import Any

import pandas as pd
import streamlit as st

import rnn_core as rc
from pages.shared.charts import show
from pages.shared.controls import settings_form
from pages.shared.engine import engine, polling
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.transport import WORDS, remarks
from pages.shared.watched import watched
from pages.shared.words import note, plain, say, table_twin
from rnn_core.catalogue import learner_classes
from rnn_core.jobs import EngineError
from rnn_core.records.progress import COLUMNS

ACTIVE, NEWS, HEIGHT = ("queued", "running"), 10.0, 340
FIRST = ("bptt", "truncated_bptt", "rtrl")
OVER = {"update": "Updates", "seconds": "Seconds"}


def fitting(hand: Hand) -> dict[str, str]:
    """Name → title of every rule, by slope or by score, that can teach the network in hand, the oldest first."""
    kinds = {n: k for n, k in learner_classes().items()
             if (k.needs is not None or k.any_score) and hand.fits(learner=n)}
    return {n: k.card.title for n, k in sorted(kinds.items(), key=lambda item: (item[1].card.year, item[0]))}


def short(name: str) -> str:
    """A rule's name as it fits on a label."""
    return rc.learners()[name].label


def draft(hand: Hand) -> list[str]:
    """The controls: which rules, how large and how long, and the button that trains them; returns the rules."""
    st.subheader("Side by side", anchor=False)
    options = fitting(hand)
    chosen = st.multiselect("Rules", list(options), [n for n in FIRST if n in options], format_func=short,
                            max_selections=4, key=f"bench_rules_{'_'.join(options)}",
                            help="Two to four; those that cannot teach this network are not offered.")
    base: dict[str, Any] = {}
    if hasattr(hand.spec, "hidden_size"):
        base["hidden_size"] = st.slider("Hidden units (H)", 2, 24, min(8, hand.spec.hidden_size), key="bench_units",
                                        help="RTRL takes H⁴ products a step: begin small.")
    base["updates"] = int(st.number_input("Updates", 1, 100_000, 300, 50, key="bench_updates"))
    base["batch_size"] = int(st.number_input("Sequences an update", 1, 256, 8, key="bench_batch"))
    own: dict[str, dict[str, Any]] = {}
    with st.expander("Settings of the rules", icon=":material/tune:"):
        for name in chosen:
            mains = learner_classes()[name].Settings()
            names = set(type(mains).model_fields) - set(learner_classes()["bptt"].Settings.model_fields)
            if names:
                st.markdown(f"**{plain(short(name))}**")
                form = settings_form(mains, f"bench_{name}", only_main=True)
                if "online" in names:
                    form["online"] = st.toggle("Step after every piece", key=f"bench_{name}_online",
                                               help=type(mains).model_fields["online"].description)
                own[name] = form
    few = len(chosen) < 2
    if few:
        st.info("Choose at least two rules to compare.", icon=":material/info:")
    if st.button("Train side by side", icon=":material/play_arrow:", type="primary", key="bench_start", disabled=few):
        _start(hand, [hand.spec.with_(learner=name, **base, **own.get(name, {})) for name in chosen])
        st.rerun()
    return chosen


def _start(hand: Hand, specs: list[rc.Experiment]) -> None:
    try:
        st.session_state["rules"] = ".".join(engine().submit(spec, owner=hand.owner) for spec in specs)
        st.session_state["bench_asked"] = time.monotonic()
    except (EngineError, ValueError) as error:
        st.session_state["bench_trouble"] = str(error)


def bench(hand: Hand, chosen: list[str]) -> None:
    """The picture: a held-out curve for each rule while they train, or the chosen rules where none was started."""
    if (sentence := st.session_state.pop("bench_trouble", None)) is not None:
        st.error(plain(sentence), icon=":material/error:")
    ids = [name for name in str(st.session_state.get("rules") or "").split(".") if name][:4]
    if not ids:
        _waiting(hand, chosen)
        return
    try:
        looks = [watched(run_id).glance(age=0.0) for run_id in ids]
        specs = [engine().spec(run_id) for run_id in ids]
        if not all(isinstance(spec, rc.Experiment) for spec in specs):
            raise EngineError("This link names a race, and not runs of learning rules.")
    except EngineError as error:
        st.warning(plain(error), icon=":material/link_off:")
        st.button("Begin anew", icon=":material/undo:", key="bench_anew", on_click=_leave)
        return
    _bar(ids, looks, hand.owner)
    over = st.segmented_control("Against", OVER, format_func=OVER.get, default="update", required=True,
                                key="bench_over", label_visibility="collapsed") or "update"
    period = polling(hand.owner) if _moves(looks) else None

    @st.fragment(run_every=period)
    def moving() -> None:
        polling(hand.owner)
        now = [watched(run_id).glance() for run_id in ids]
        _picture(ids, specs, now, over)
        if [look.status for look in now] != [look.status for look in looks] or period and not _moves(now):
            st.rerun()

    moving()


def _waiting(hand: Hand, chosen: list[str]) -> None:
    """Where nothing was started: the chosen rules in full, and what the others do that fit."""
    cards, columns = rc.learners(), st.columns(2, gap="small")
    for k, name in enumerate(chosen):
        card, needs = cards[name], learner_classes()[name].needs
        with columns[k % 2].container(border=True, gap="xxsmall"):
            st.markdown(f"**{plain(card.title)}** :gray[{card.year}]  \n{plain(card.summary)}")
            st.markdown("  \n".join(f"${line}$" for line in rc.figures.equations(card, theme=mode())))
            if needs is None:
                note("No way back: it needs nothing but the loss of each network that it tries, or its return.")
                continue
            note(f"A gradient after a {needs.waits}; keeps numbers for a {needs.keeps}; blames up to a {needs.blames}. "
                 f"A weight reads {plain(needs.reads)}.")
    others = [name for name in fitting(hand) if name not in chosen]
    if others:
        more = "more " if chosen else ""
        with st.expander(f"{len(others)} {more}that can teach this network", icon=":material/school:"):
            for name in others:
                st.markdown(f"**{plain(cards[name].title)}** :gray[{cards[name].year}] {plain(cards[name].summary)}")


def _bar(ids: list[str], looks: list[Any], owner: str) -> None:
    """Pause, one update, go on, stop, for all of them together."""
    active, ended = any(look.status in ACTIVE for look in looks), all(look.ended for look in looks)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="benchbar"):
        act, label, icon = ("pause", "Pause", "pause") if active else ("resume", "Go on", "play_arrow")
        for key, what, words, sign in (("go", act, label, icon), ("once", "once", "One update", "skip_next"),
                                       ("stop", "stop", "Stop", "stop")):
            off = ended or (what == "once" and active)
            st.button(words, icon=f":material/{sign}:", key=f"bench_{key}", on_click=_command, disabled=off,
                      args=(ids, what, owner), type="primary" if key == "go" else "secondary")
        st.button("Begin anew", icon=":material/undo:", key="bench_anew", type="tertiary", on_click=_leave)


def _command(ids: list[str], name: str, owner: str) -> None:
    st.session_state["bench_asked"] = time.monotonic()
    told = []
    for run_id in ids:
        try:
            over = watched(run_id).glance(age=0.0).ended
            told.append(run_id if over else engine().command(run_id, name, owner=owner))
        except (EngineError, ValueError) as error:
            told.append(run_id)
            st.session_state["bench_trouble"] = str(error)
    st.session_state["rules"] = ".".join(told)


def _leave() -> None:
    st.session_state["rules"] = None


def _moves(looks: list[Any]) -> bool:
    """Whether there may be news: one runs, a command has not acted yet, or one was given a moment ago."""
    asked = time.monotonic() - st.session_state.get("bench_asked", float("-inf")) < NEWS
    return any(look.status in ACTIVE or look.waiting > 0 for look in looks) or (
        asked and not all(look.ended for look in looks))


def _picture(ids: list[str], specs: list[rc.Experiment], looks: list[Any], over: str) -> None:
    names = named(specs)
    histories = {name: pd.DataFrame(watched(run_id).records, columns=list(COLUMNS))
                 for name, run_id in zip(names, ids)}
    if any(len(h) for h in histories.values()):
        base, quantity = _baseline(specs[0].to_json()), specs[0].make_task().loss_name
        figure = rc.figures.compare_runs(histories, dict.fromkeys(names, base), over=over, quantity=quantity,
                                         theme=mode(), height=HEIGHT)
        show(figure, key="bench")
    else:
        note("The picture begins with the first update.")
        st.skeleton(height=HEIGHT)
    standing = [
        f"**{plain(name)}** {WORDS[look.status].format(position=look.position)}, update {look.update:,} of "
        f"{look.target:,}" + (f", {1000 * h['seconds'].iloc[-1] / look.update:.3g} ms an update" if look.update and
                              len(h) else "")
        for name, look, h in zip(names, looks, histories.values())
    ]
    st.markdown("  \n".join(standing))
    for look in looks:
        remarks(look)
    note("Held-out sequences, which training never sees. The same fresh weights and the same sequences for every rule.")
    say(*verdict(histories))
    table_twin(lambda: pd.concat([h.dropna(subset=["held_out"]).assign(rule=n) for n, h in histories.items()])
               [["rule", "update", "seconds", "held_out", "metric"]], "The rules’ curves as a table")


@st.cache_data(max_entries=64, show_spinner=False)
def _baseline(spec: str) -> Any:
    return rc.Experiment.from_json(spec).make_task().baseline()


def named(specs: list[rc.Experiment]) -> list[str]:
    """A name for each run that no other has: the rule's, with its window where it has one."""
    found: list[str] = []
    for spec in specs:
        name = short(spec.learner).removesuffix(" BPTT") or "BPTT"
        name += f" {spec.window_every}, {spec.window_back}" if hasattr(spec, "window_back") else ""
        name += f" n = {spec.block}" if hasattr(spec, "block") else ""
        name += " online" if getattr(spec, "online", False) else ""
        found.append(name if name not in found else f"{name} ({len(found) + 1})")
    return found


def verdict(histories: dict[str, pd.DataFrame]) -> tuple[str, str]:
    """What the curves let one say, with their numbers, and what not."""
    last = {n: h.dropna(subset=["held_out"]) for n, h in histories.items()}
    told = [f"{n} {h['held_out'].iloc[-1]:.3g} after {int(h['update'].iloc[-1]):,} updates and "
            f"{h['seconds'].iloc[-1]:.3g} s" for n, h in last.items() if len(h)]
    yes = f"the held-out losses measured last are: {'; '.join(told)}." if told else "that nothing was measured yet."
    return yes, ("that one rule learns better than another: this is one seed, and rules with the same gradient differ "
                 "in seconds alone; seconds are those of a machine that others use too.")
