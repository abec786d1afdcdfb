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
# # A reservoir that is never trained
#
# An echo state network draws its recurrent weights at random and leaves them as they are. All that is learnt is a
# linear readout, in one step of algebra. We look at what such a reservoir does, whether it forgets where it started,
# how much of the past it holds, and how long it goes on with a chaotic series by itself. Every number below is computed
# by its own cell; change a setting and all of them change with it.

# %%
import torch

import rnn_core as rc

settings = {"hidden_size": 300, "spectral_radius": 0.4, "leak": 0.6, "input_scaling": 0.3, "connectivity": 0.1}
spec = rc.Experiment.of("echo_state", "lorenz", "ridge", length=1000, batch_size=4, washout=100, ridge=1e-8, **settings)
spec.to_query()


# %% [markdown]
# ## One step of algebra
#
# The reservoir runs once along four stretches of Lorenz's weather. Then the readout is solved for, in double precision:
# the ridge is so small that single precision would drown it.

# %%
def fitted(spec):
    run = rc.Run(spec)
    run.network.double()
    for loss, _ in run.learner.update():
        print(f"{spec.architecture} on {spec.task}: squared error on what it learnt from {loss:.2g}")
    return run


run = fitted(spec)
cell = run.network.cells[0]
print(f"{cell.weight_count:,} numbers were learnt; {cell.W.count_nonzero().item():,} recurrent weights were drawn")

# %% [markdown]
# What the units do: each bends the past of the input in a way of its own.

# %%
one = run.held_out.rows(slice(0, 1))
trace = run.network.trace(one.x[:, :300].double())
rc.figures.unit_lines(trace.main, units=range(5))

# %% [markdown]
# The same under a time cursor, all units at once. Drag over it.

# %%
rc.viewer.Viewer.of(rc.viewer.timeline(run.network.trace(one.x[:, :100].double())))

# %% [markdown]
# ## Does it forget where it started?
#
# Four other starts hear the same weather. If the state is to be an echo of the input alone, they must come together.
# Beside the distances: the pace at which a very small change fades, the largest Lyapunov exponent along this input.

# %%
echoes = rc.echo_state_property(trace.main, spread=1.0)
print("You may say", echoes.says)
print("You may not say", echoes.says_not)
rc.figures.echo_state_property(echoes)

# %% [markdown]
# A spectral radius below 1 is neither needed nor enough. With ρ = 2 and a weak input starts stay apart; a strong input
# makes the same reservoir forget them.

# %%
noise = 2 * torch.rand(1, 500, 1, generator=torch.Generator().manual_seed(0)) - 1
for scale in (0.1, 4.0):
    lively = rc.make_cell("echo_state", 1, hidden_size=100, spectral_radius=2.0, leak=1.0, input_scaling=scale)
    print(f"input scaling {scale}: {rc.echo_state_property(rc.unroll(lively, noise), spread=1.0).says}")

# %% [markdown]
# ## How much of the past does it hold?
#
# Noise goes in, and a straight line reads the input of *k* steps ago off the state. For linear units theory gives every
# bar, and all lags together add up to the number of units.

# %%
for kind in ("linear", "tanh"):
    small = rc.Experiment.of("echo_state", "narma", hidden_size=20, leak=1.0, activation=kind, input_scaling=1.0)
    held = rc.memory_capacity(small, lags=40, steps=200, sequences=64)
    print(f"{kind}: {held.says}")
    rc.figures.memory_capacity(held).show()

# %% [markdown]
# ## How long does it go on by itself?
#
# It hears 200 points of weather that it never learnt from, and then only itself. A Lyapunov time is the time in which a
# small error grows by a factor of e; it is measured on Lorenz's own equations.

# %%
alone = rc.free_run(run, rows=8, heard=200)
print(f"one Lyapunov time is {1 / alone.exponent:.0f} steps")
print("You may say", alone.says)
print("You may not say", alone.says_not)
rc.figures.free_run(alone, height=640)

# %% [markdown]
# In a chaotic system every error grows in the end. Three other reservoirs, to see how much of this is luck:

# %%
for seed in (1, 2, 3):
    other = rc.free_run(fitted(spec.with_(seed=seed)), rows=8, heard=200)
    print(f"seed {seed}: {float(other.horizons.double().median()) * other.exponent:.1f} Lyapunov times, saying the "
          f"last point again {float(other.staying.double().median()) * other.exponent:.2f}")

# %% [markdown]
# In the dashboard the same reservoir has sliders: Dynamics, “An echo state network”.
