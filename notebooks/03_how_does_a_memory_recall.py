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
# # How does a memory recall?
#
# A damaged letter goes in, the whole letter comes out. Five networks do it in five ways: by rolling downhill in an
# energy, by passing a pattern to and fro between two layers, by chance, by the resistances of a circuit, and by having
# learnt it. Every number below is computed by its own cell.

# %%
import torch

import rnn_core as rc

task = rc.Experiment.of("lstm", "associative_recall", patterns="letters", stored=5, noise=0.125).make_task()
batch = task.sample(200, torch.Generator().manual_seed(0))
start, due = batch.x.flatten(1), batch.target[:, -1]
told = task.story(batch, 0)
print(f"{', '.join(task.names)} are stored; {task.flips} of 64 cells are turned round. This was {told.expected}:")
print("\n".join(told.inputs))

# %% [markdown]
# ## Downhill
#
# A Hopfield network stores patterns as valleys of an energy. One unit after the other takes the side that its
# neighbours pull it to, and with every change the energy falls.

# %%
hopfield = rc.make_cell("hopfield", 1, hidden_size=64, storage="pseudo_inverse")
hopfield.store(task.due)
found = rc.recall(hopfield, start[0], task.due, names=task.names)
print("You may say", found.says)
print("You may not say", found.says_not)
rc.figures.recall(found)

# %% [markdown]
# How it stores matters. Hebb's sum of outer products expects patterns that do not resemble one another; letters do.

# %%
def overlap(pictures):
    return task.metric(pictures.unsqueeze(1).expand_as(batch.target), batch)


print(f"doing nothing: {overlap(start):.3f}")
for storage in ("pseudo_inverse", "outer_product"):
    cell = rc.make_cell("hopfield", 1, hidden_size=64, storage=storage)
    cell.store(task.due)
    rest, sweeps = rc.relax(cell, type(cell.initial_state(1))(start), torch.Generator().manual_seed(0))
    print(f"{storage}: {overlap(rest.s):.3f} after {sweeps} sweeps")

# %% [markdown]
# ## How much damage, how many patterns

# %%
valley = rc.basins(hopfield, task.due)
print("You may say", valley.says)
rc.figures.basins(valley)

# %% [markdown]
# Random patterns, outer products, networks of two sizes: near 0.138 patterns a unit recall breaks down, the more
# suddenly the larger the network is.

# %%
sizes = [rc.make_cell("hopfield", 1, hidden_size=n) for n in (50, 200)]
curve = rc.capacity_curve(sizes, [0.05, 0.1, 0.14, 0.2, 0.25, 0.3])
print("You may say", curve.says)
print("You may not say", curve.says_not)
rc.figures.capacity_curve(curve)

# %% [markdown]
# ## All at once
#
# That the energy falls is a promise of one unit after the other. Two units that push each other away, moved at once,
# turn round for ever.

# %%
two = rc.make_cell("hopfield", 1, hidden_size=2)
two.W.copy_(torch.tensor([[0.0, -1.0], [-1.0, 0.0]]))
for together in (True, False):
    print("at once:" if together else "in turn:",
          rc.recall(two, torch.ones(2), torch.tensor([[1.0, -1.0]]), together=together).says)

# %% [markdown]
# ## From a capital to its small letter
#
# A bidirectional memory stores pairs. Given one half, damaged, it calls up the other, which mends the first.

# %%
pairs = rc.Experiment.of("lstm", "pattern_pairs", pairs=5).make_task()
bam = rc.make_cell("bam", 64, hidden_size=64)
bam.store(pairs.asked, pairs.due)
half = pairs.sample(1, torch.Generator().manual_seed(3)).x.flatten()
pair = rc.pair_recall(bam, half, pairs.asked, pairs.due, names=[f"{n.upper()} and {n}" for n in pairs.names])
print("You may say", pair.says)
print("You may not say", pair.says_not)
rc.figures.pair_recall(pair)

# %% [markdown]
# The same memory from the small letter, and with more pairs than it can tell apart:

# %%
back = rc.pair_recall(bam, pairs.due[1], pairs.asked, pairs.due, backwards=True)
print("backwards:", back.says)
many = rc.Experiment.of("lstm", "pattern_pairs", pairs=12).make_task()
bam.store(many.asked, many.due)
print("twelve pairs:", rc.pair_recall(bam, many.asked[0], many.asked, many.due).says)

# %% [markdown]
# ## By chance
#
# With noise it visits every state, the deep ones more often. How often, Boltzmann's law says exactly.

# %%
for beta in (0.1, 0.5):
    warm = rc.make_cell("stochastic_bam", 3, hidden_size=3, regimes=1, beta=beta)
    visits = rc.occupancy(warm)
    print(f"β = {beta}: {visits.says}")
rc.figures.occupancy(visits)

# %% [markdown]
# ## In a circuit
#
# A memristor's resistance is its memory: what has flowed through it. Under a swinging voltage its loop goes through the
# origin; a capacitor's goes around it.

# %%
one = rc.make_cell("memristive", 1, hidden_size=1, alpha=0.0, beta=0.3, start=0.9)
with torch.no_grad():
    one.W.fill_(1.0)
swing = torch.sin(2 * torch.pi * torch.arange(150) / 50).view(1, -1, 1)
loop = rc.hysteresis(rc.unroll(one, swing))
print("You may say", loop.says)
print("You may not say", loop.says_not)
rc.figures.hysteresis(loop)

# %% [markdown]
# Without a source every memory fades by itself; under one, all currents write at once.

# %%
circuit = rc.make_cell("memristive", 1, hidden_size=12, beta=0.3)
for name, size in (("off", 0.0), ("on", 4.0)):
    drawn = rc.circuit(rc.unroll(circuit, size * swing))
    print(f"source {name}: {drawn.says}")
rc.figures.circuit(drawn)

# %% [markdown]
# ## And one that has learnt it
#
# The same damaged letters row by row, for an LSTM that was never told a rule. It is judged by the same overlap, on the
# same pictures.

# %%
run = rc.train(rc.Experiment.of("lstm", "associative_recall", hidden_size=32, learning_rate=0.01, updates=400, seed=0))
y = run.network(batch.x).detach()
print(f"LSTM: {task.metric(y, batch):.3f}; doing nothing: {task.baseline().value:.3f}")
held = run.held_out.rows(slice(0, 1))
trace = run.network.trace(held.x)
rc.viewer.Viewer.of(rc.viewer.timeline(trace, batch=held, story=task.story(held, 0, trace.outputs.detach())))

# %% [markdown]
# Twice the damage that it was trained with:

# %%
further = rc.generalisation(run)
print("You may say", further.says)
rc.figures.generalisation(further)
