# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does it do when left alone?
#
# A recurrent network goes on by itself: hold its input still and watch where the state goes. It may come to rest, run
# in a circle, or never be in the same place again. We look at one unit, then at a trained network, then at random ones.
# Every number below is computed by its own cell.

# %%
import torch

import rnn_core as rc

unit = rc.make_cell("elman", 1, hidden_size=1).double().requires_grad_(False)

# %% [markdown]
# ## One unit
#
# *h* ← tanh(*w h*). Follow the staircase: up to the curve, across to the diagonal. With *w* = 1.5 the rest at 0 lets go
# and two others hold.

# %%
unit.R.fill_(1.5)
unit.W.fill_(1.0)
steps = rc.cobweb(unit, start=0.1)
print("You may say", steps.says)
rc.figures.cobweb(steps)

# %% [markdown]
# The same over all *w*: where rests split, and where they begin to alternate. The places are measured by halving the
# interval in which something changes; by hand they are *w* = 1 and *w* = −1.

# %%
over_w = rc.bifurcation(unit, "R[0,0]", torch.linspace(-2.5, 2.5, 50).tolist())
print("You may say", over_w.says)
print("You may not say", over_w.says_not)
rc.figures.bifurcation(over_w)

# %% [markdown]
# With *w* = 2 the unit is a latch: of two rests it keeps the one that it is in, until an input larger than 0.53284
# takes that rest away. A bias does what a held input does.

# %%
unit.R.fill_(2.0)
over_b = rc.bifurcation(unit, "b[0]", torch.linspace(-1, 1, 40).tolist())
for change in over_b.changes:
    print(f"b = {change.value:.5f}: {change.what}")
rc.figures.bifurcation(over_b)

# %% [markdown]
# ## A trained network
#
# A GRU learns to add two marked numbers. Where would its state come to rest without input? Thin: the paths of
# sequences that it was not trained on.

# %%
spec = rc.Experiment.of("gru", "adding", hidden_size=8, length=20, updates=300, learning_rate=0.01, seed=0)
run = rc.train(spec)
points = rc.fixed_points(run)
print("You may say", points.says)
rc.figures.trajectories(points, dimensions=2)

# %% [markdown]
# The modes of its first point: which directions die out last, and which units take part in them.

# %%
print(points.modes().round(4).to_string(index=False))
rc.figures.modes(points)

# %% [markdown]
# The same network before training, and over its gain, a factor on the recurrent weights.

# %%
print("fresh:", rc.fixed_points(run, update=0).says)
over_gain = rc.bifurcation(run, "gain", torch.linspace(0.0, 2.5, 30).tolist())
print("You may say", over_gain.says)
rc.figures.bifurcation(over_gain)

# %% [markdown]
# One sequence as the network holds it, at every moment of its training:

# %%
one = run.held_out.rows(slice(0, 1))
moments = [(update, run.at(update).trace(one.x)) for update in run.tape]
story = run.task.story(one, 0, moments[-1][1].outputs.detach())
rc.viewer.Viewer.of(rc.viewer.timeline(moments[-1][1], batch=one, story=story, moments=moments))

# %% [markdown]
# ## Do neighbours part?
#
# Lyapunov exponents: the rates at which neighbouring states part, or close up, direction by direction. Their sum is how
# fast volumes change, which is known from the determinants alone: two roads to one number.

# %%
spectrum = rc.lyapunov_spectrum(run)
print("You may say", spectrum.says)
gap = (spectrum.exponents.sum(1) - spectrum.volume).abs().max()
print(f"sum of the exponents less the mean of ln |det A|: at most {float(gap):.1e}")
rc.figures.lyapunov_spectrum(spectrum)

# %% [markdown]
# ## The onset of chaos
#
# Random networks of 60 units, over the gain of their weights. Endless ones fall silent below 1 and become chaotic
# above; finite ones may fall into a cycle a little beyond. The dashed line is mean-field theory, nothing is fitted.

# %%
onset = rc.chaos_transition(60, seeds=3)
print("You may say", onset.says)
print("You may not say", onset.says_not)
rc.figures.chaos_transition(onset)
