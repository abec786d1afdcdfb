"""Where the state rests: the fixed points of a run, the modes of one of them, and the paths that lead there."""

from __future__ import annotations

import streamlit as st

import rnn_core as rc
from pages.shared.asked import ask, found
from pages.shared.charts import show
from pages.shared.hand import Hand
from pages.shared.theme import mode
from pages.shared.views import chosen_row
from pages.shared.words import note, plain, say, table_twin

SEQUENCES, MODES = 16, 6


def rests(hand: Hand) -> None:
    """Fixed points in the plane of the states' main axes."""
    with st.spinner("Searching from 64 starts at once …"):
        ask(
            hand,
            "fixed_points",
            "The input is held at zero. Searches start near states of held-out sequences, whose paths are faint; the "
            "axes are the two directions in which these states vary most.",
            "The points as a table",
            rows=SEQUENCES,
        )


def modes(hand: Hand) -> None:
    """What happens to a small push away from one of the points, direction by direction."""
    points = found(hand, "fixed_points", rows=SEQUENCES)
    if not len(points.points):
        st.info(plain(f"There is no point to look at: {points.says}"), icon=":material/info:")
        return
    many = min(len(points.points), 50)
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        point = st.selectbox(
            "Point",
            range(many),
            format_func=lambda k: f"{k}: {points.kinds[k]}, {int(points.ends[k])} of {points.searches} searches",
            key=f"modes_point_{hand.key}",
        )
        which = st.selectbox(
            "Mode",
            range(len(points.modes(point))),
            format_func=lambda k: f"{k}: |λ| = {float(points.eigenvalues[point].abs()[k]):.4g}",
            key=f"modes_mode_{hand.key}",
            help="The modes with the largest eigenvalues: what dies out last, or grows fastest.",
        )
    with picture:
        show(rc.figures.modes(points, point=point, mode=which, theme=mode()), key="part_modes")
        note(
            "A push along a mode shrinks |λ|-fold in each step, inside the circle, or grows, outside. One that is no "
            "real number turns as well. Below: how much of the mode lies in each number of the state."
        )
    size = float(points.eigenvalues[point].abs()[which])
    fate = "dies out" if size < 1 else "grows"
    say(
        f"close to point {point}, a push along mode {which} {fate}, {size:.4g}-fold in each step.",
        "how far from the point this holds, nor that the answer depends on these units.",
    )
    table_twin(lambda: points.modes(point), "The modes as a table")


def trajectories(hand: Hand) -> None:
    """Paths of sequences along the main axes of the states, with the points on their way."""
    points = found(hand, "fixed_points", rows=SEQUENCES)
    row = min(chosen_row(hand), len(points.paths) - 1)
    picture, controls = st.columns([3, 1], gap="large")
    with controls:
        flat = st.segmented_control("Directions", [2, 3], default=2, required=True, key="paths_dimensions")
        row = int(st.number_input("Sequence", 0, len(points.paths) - 1, row, key="paths_row"))
    with picture:
        figure = rc.figures.trajectories(points, row=row, dimensions=flat, theme=mode())
        show(figure, key=f"part_trajectories{'' if flat == 2 else '_3d'}")
        note(
            f"{len(points.paths)} held-out sequences under their own input; sequence {row} is coloured by time. The "
            "points are those of no input, so a path need not end on one."
        )
    say(
        f"the axes hold {float(points.share[:flat].sum()):.0%} of the variance of these states; {points.says}",
        "that a path which passes a point in this view comes near it in truth: all other directions are hidden.",
    )
    table_twin(points.frame, "The points along the axes, as a table")
