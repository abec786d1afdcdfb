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
# # Why does it forget?
#
# Two networks read the same twenty-five numbers, two of them marked, and must say their sum at the end. One is an Elman
# network with small recurrent weights, the other an LSTM. We train both for the same number of updates and then look
# for the place where what was read gets lost. Every number below is computed by its own cell; change a setting in the
# next one and all of them change with it.

# %%
import rnn_core as rc

task = {"task": "adding", "hidden_size": 16, "length": 25, "updates": 500, "learning_rate": 0.01, "seed": 1}
specs = {"Elman": rc.Experiment.of("elman", gain=0.6, **task), "LSTM": rc.Experiment.of("lstm", **task)}
runs = {name: rc.train(spec) for name, spec in specs.items()}

# %%
baseline = runs["LSTM"].task.baseline()
for name, run in runs.items():
    print(f"{name}: {run.history.metric.dropna().iloc[-1]:.4f}; a net without memory could {baseline.sentence}: "
          f"{baseline.value:.4f}")
rc.figures.compare_runs({name: run.history for name, run in runs.items()}, dict.fromkeys(runs, baseline))

# %% [markdown]
# One run from one seed tells about this run. For a comparison of architectures it takes several seeds, the same number
# of weights and the same effort, which is what the dashboard's race is for.
#
# ## What it holds
#
# The Elman network on one held-out sequence, at every moment of its training. Drag over it; the slider winds back.

# %%
row = 3
one = runs["Elman"].held_out.rows(slice(row, row + 1))


def shown(run):
    moments = [(update, run.at(update).trace(one.x)) for update in run.tape]
    story = run.task.story(one, 0, moments[-1][1].outputs.detach())
    return rc.viewer.Viewer.of(rc.viewer.timeline(moments[-1][1], batch=one, story=story, moments=moments))


shown(runs["Elman"])

# %% [markdown]
# And the LSTM on the same sequence:

# %%
shown(runs["LSTM"])

# %% [markdown]
# ## How loud is the error, so far back?
#
# To learn from an early number, the error at the end must still be heard where it was read. Here is its size at every
# step, for the fresh networks, before anything was learnt, on an absolute scale. Below the floor line a step learns
# nothing that it could use.

# %%
fresh = {name: rc.gradient_norms(run, update=0) for name, run in runs.items()}
for name, norms in fresh.items():
    print(f"{name}, fresh: {norms.says}")
rc.figures.gradient_norms(*fresh.values(), names=list(fresh))

# %% [markdown]
# What training made of it:

# %%
for name, run in runs.items():
    print(f"{name}, trained: {rc.gradient_norms(run).says}")
rc.figures.gradient_norms(before=fresh["Elman"], after=rc.gradient_norms(runs["Elman"]))

# %% [markdown]
# ## Because every step multiplies
#
# From step *t* to the end the error passes through the product of all the steps' Jacobians. Norms of single steps give
# a bound for it; the truth lies below. Where a step stretches by less than 1 on average, the product dies out.

# %%
for name, spec in specs.items():
    print(f"{name}, fresh: {rc.jacobian_products(spec, rows=4).says}")
rc.figures.jacobian_products(rc.jacobian_products(specs["Elman"], rows=4))

# %% [markdown]
# On a task that asks at every step, each answer sends its own error back: a triangle. Read a row from right to left to
# follow one answer's error into the past.

# %%
asking = specs["Elman"].with_(task="temporal_xor", length=25)
triangle = rc.error_triangle(asking, rows=4)
print("You may say", triangle.says)
rc.figures.error_triangle(triangle)

# %% [markdown]
# ## One answer, followed back
#
# The worst answer of one sequence: what is left of the number that had to be kept, how much of the state still reaches
# the answer, and how loud its error is, step by step. First for the fresh Elman network, then for the trained one.

# %%
for update in (0, None):
    followed = rc.forgetting(runs["Elman"], row=row, update=update)
    print("fresh:" if update == 0 else "trained:", followed.says)
rc.figures.forgetting(rc.forgetting(runs["Elman"], row=row, update=0))

# %% [markdown]
# ## Take the memory away and see
#
# A keep gate near 1 is a reason to remember; that it *is* the reason can be tried. We hold the LSTM's gate *f* of all
# units at one half for a single step, and touch nothing else.

# %%
touched = rc.intervene(runs["LSTM"], [rc.Intervention(kind="hold", name="f", first=12, last=12, value=0.5)])
print("You may say", touched.says)
print("You may not say", touched.says_not)
rc.figures.intervene(touched, row=row)

# %% [markdown]
# Held at every step instead, half of what a cell held is gone after one step, three quarters after two:

# %%
always = rc.intervene(runs["LSTM"], [rc.Intervention(kind="hold", name="f", value=0.5)])
print(f"loss {always.loss_before:.4g} untouched, {touched.loss_after:.4g} with one step held, "
      f"{always.loss_after:.4g} with all of them; without memory {baseline.loss:.4g}")

# %% [markdown]
# ## To take away
#
# A notebook that trains one of these runs again and checks that it came out the same, and its numbers as a table:

# %%
notebook, table = rc.exports.notebook(runs["Elman"]), rc.exports.states_csv(runs["Elman"], [row])
first, *steps = table.decode().splitlines()
print(f"a notebook of {len(notebook):,} bytes; a table of {len(steps)} steps with {len(first.split(','))} columns:")
print(first[:100], "…")
