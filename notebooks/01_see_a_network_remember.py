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
# # See a network remember
#
# The same story as the dashboard's first pages, with the same calls. An LSTM with 16 units reads forty numbers, two of
# them marked, and must say their sum at the end. We train it, look at what it holds at every step, ask why it does not
# forget, and read the graph of its step off the step itself.

# %%
import rnn_core as rc

spec = rc.Experiment.of("lstm", "adding", "bptt", hidden_size=16, length=40, updates=1000, learning_rate=0.01, seed=0)
spec.to_query()

# %% [markdown]
# The record above is also a page's address: open the dashboard with these keys after the `?` and you hold the same
# experiment. Same record, same numbers.

# %%
run = rc.train(spec)
run.history.dropna().tail()

# %% [markdown]
# ## What can it learn?
#
# A net without memory could always say the mean. What that costs is computed from the task, not typed in.

# %%
baseline = run.task.baseline()
print(f"{baseline.sentence}: {baseline.value:.3f}; this net: {run.history.metric.dropna().iloc[-1]:.5f}")
rc.figures.learning_curve(run.history, baseline)

# %%
for story in run.stories(4):
    print(f"right: {story.expected:22} said: {story.said}  {'✓' if story.right else '✗'}")

# %% [markdown]
# ## What does it remember?
#
# One sequence, every state and gate, under one time cursor. Drag over it, or use the arrow keys. The slider winds
# training back: each moment is a replay with the weights of that update.

# %%
row = 3
one = run.held_out.rows(slice(row, row + 1))
moments = [(update, run.at(update).trace(one.x)) for update in run.tape]
payload = rc.viewer.timeline(moments[-1][1], batch=one, story=run.task.story(one, 0), moments=moments)
rc.viewer.Viewer.of(payload)

# %% [markdown]
# The same as a picture that stands still, for paper and for machines without a browser:

# %%
rc.figures.hidden_states(moments[-1][1].main)

# %% [markdown]
# ## Why does it not forget?
#
# The size of the error signal ‖∂L/∂s_t‖ at every step, before training and after, on an absolute scale. Below the floor
# line nothing can be learnt from what stood there.

# %%
before, after = rc.gradient_norms(run, update=0), rc.gradient_norms(run)
rc.figures.gradient_norms(before=before, after=after)

# %%
print("You may say", after.says)
print("You may not say", after.says_not)

# %% [markdown]
# An untrained tanh network of the same size, with smaller recurrent weights, is another matter:

# %%
quiet = spec.with_(architecture="elman", gain=0.5)
rc.figures.gradient_norms(rc.gradient_norms(quiet))

# %% [markdown]
# ## What is really computed?
#
# The graph is read off one real step while it runs: its nodes are the names that the step's author gave.

# %%
graph = rc.step_graph(run)
rc.figures.step_graph(graph)

# %%
graph.frame()

# %% [markdown]
# ## A network of your own
#
# Any trained `torch.nn.RNN`, `LSTM` or `GRU` can be looked at in the same way.

# %%
import torch

own = rc.from_torch(torch.nn.GRU(4, 8, num_layers=2, batch_first=True))
trace = own.trace(torch.randn(2, 30, 4))
A, C = rc.step_jacobians(trace)
print("∂s'/∂s of every step:", tuple(A.shape), " probes:", ", ".join(trace.main.probes))
