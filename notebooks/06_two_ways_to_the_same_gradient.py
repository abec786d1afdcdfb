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
# # Two ways to the same gradient
#
# A recurrent network says something at every step, and every step is judged. To learn, we must know how the sum of all
# errors changes with each weight. There are two ways to work that out: from the last step back to the first
# (backpropagation through time), or along with the sequence, from the first step to the last (real-time recurrent
# learning). We derive both from one line, write both by hand, and see that they give the same numbers. Then we count
# what each costs.
#
# ## One line
#
# $$a_t = W x_t + R\,h_{t-1} + b, \qquad h_t = \varphi(a_t), \qquad y_t = V h_t + d, \qquad h_0 = 0$$
#
# $$L = \sum_t \ell_t, \qquad \ell_t = \frac{1}{bT} \sum_{\text{sequences}} \lVert y_t - d_t \rVert^2$$
#
# A small network of this kind, in double precision, with random sequences and a target at every step:

# %%
import torch

import rnn_core as rc

B, T, H = 3, 9, 4
run = rc.Run(rc.Experiment.of("elman", "adding", hidden_size=H))
run.network.double()
cell, readout = run.network.cells[0], run.network.readout
W, R, b, V, d = (p.detach() for p in (cell.W, cell.R, cell.b, readout.V, readout.d))
draw = torch.Generator().manual_seed(0)
x = torch.randn(B, T, 2, generator=draw, dtype=torch.float64)
target = torch.randn(B, T, 1, generator=draw, dtype=torch.float64)
print(f"{sum(p.numel() for p in (W, R, b))} weights in the cell, {V.numel() + d.numel()} in the readout")

# %% [markdown]
# Forwards first. We keep what enters and leaves every step, for both ways will ask for it.

# %%
h = [torch.zeros(B, H, dtype=torch.float64)]
for t in range(T):
    h.append(torch.tanh(x[:, t] @ W.T + h[-1] @ R.T + b))
y = torch.stack([state @ V.T + d for state in h[1:]], 1)
epsilon = 2 * (y - target) / (B * T)                       # ∂L/∂y_t, (b, t, o)
slope = [1 - state**2 for state in h[1:]]                  # φ'(a_t), (b, n) for each step
loss = float((y - target).pow(2).sum() / (B * T))
print(f"L = {loss:.6f}")

# %% [markdown]
# The readout is easy: $V$ touches the loss at each step through $y_t$ alone, so
# $\partial L/\partial V = \sum_t \epsilon_t h_t^\top$ with $\epsilon_t = \partial L/\partial y_t$. The difficulty is a
# weight of the cell. It acts at *every* step, and what it did at an early step goes on acting through the state.
#
# ## Backwards: what is a state worth?
#
# Ask how the loss changes with the state that leaves step $t$. It is felt in two places: at once, through $y_t$, and
# through the next step, which reads it.
#
# $$\frac{\partial L}{\partial h_t} = V^\top \epsilon_t + R^\top \delta_{t+1}, \qquad
#   \delta_t := \frac{\partial L}{\partial a_t} = \varphi'(a_t) \odot \frac{\partial L}{\partial h_t}, \qquad
#   \delta_{T+1} = 0$$
#
# The second term needs $\delta$ of the step *after*, so we begin at the end. A weight $R_{ij}$ enters step $t$ as
# $R_{ij}\,h_{t-1,j}$, hence
#
# $$\frac{\partial L}{\partial R} = \sum_t \delta_t h_{t-1}^\top, \qquad
#   \frac{\partial L}{\partial W} = \sum_t \delta_t x_t^\top, \qquad
#   \frac{\partial L}{\partial b} = \sum_t \delta_t$$

# %%
delta = torch.zeros(B, H, dtype=torch.float64)
backwards = {"W": torch.zeros_like(W), "R": torch.zeros_like(R), "b": torch.zeros_like(b)}
for t in reversed(range(T)):
    delta = slope[t] * (epsilon[:, t] @ V + delta @ R)
    backwards["W"] += delta.T @ x[:, t]
    backwards["R"] += delta.T @ h[t]
    backwards["b"] += delta.sum(0)

# %% [markdown]
# Five lines. Their price: nothing can be said before the sequence has ended, and the state of every step must be kept
# until the way back has passed it.
#
# ## Forwards: what has a weight done?
#
# Now ask the other question: how does the state *now* depend on a weight, counting all that the weight did since the
# beginning? Differentiate the one line by $R_{ij}$. The weight acts in this step, on unit $i$, and it has acted before,
# through $h_{t-1}$:
#
# $$\frac{d h_t}{d R_{ij}} = \varphi'(a_t) \odot
#   \Big( R\,\frac{d h_{t-1}}{d R_{ij}} + e_i\, h_{t-1,j} \Big), \qquad \frac{d h_0}{d R_{ij}} = 0$$
#
# Every term on the right is known when the step is made. One such vector for each weight is the influence $P_t$, $H$
# numbers for each of some $H^2$ weights. An error that arrives now is blamed on all that the weights have done so far:
# $\partial L/\partial\theta = \sum_t (V^\top\epsilon_t)^\top P_t$.

# %%
read = 2 + H + 1                                           # what each unit reads: two inputs, H units, a constant 1
P = torch.zeros(B, H, H, read, dtype=torch.float64)        # P[:, k, i, j] = dh_k / d(weight of unit i on source j)
together = torch.zeros(H, read, dtype=torch.float64)
for t in range(T):
    sources = torch.cat([x[:, t], h[t], torch.ones(B, 1, dtype=torch.float64)], 1)
    now = torch.zeros_like(P)
    for i in range(H):
        now[:, i, i] = sources                             # the weight acts in this step, on its own unit
    P = slope[t][:, :, None, None] * (torch.einsum("kl,blij->bkij", R, P) + now)
    together += torch.einsum("bk,bkij->ij", epsilon[:, t] @ V, P)
forwards = dict(zip(("W", "R", "b"), together.split([2, H, 1], 1)))
forwards["b"] = forwards["b"].flatten()

# %% [markdown]
# Nothing was sent back, and of the past nothing was kept but $P$, whose size does not depend on $T$.
#
# ## The same?
#
# Both by hand, then both as the library's learning rules have them, for any architecture, beside automatic
# differentiation. All differences are rounding.

# %%
batch = rc.Batch(x, target)
task_loss = run.task.loss(run.network(x), batch)
autograd = dict(zip("WRb", torch.autograd.grad(task_loss, [cell.W, cell.R, cell.b])))
rules = {name: rc.Run(run.spec.with_(learner=name)).learner for name in ("bptt", "rtrl")}
library = {}
for name, learner in rules.items():
    learner.network.load_state_dict(run.network.state_dict())
    learner.network.double()
    names = [n.rpartition(".")[2] for n, p in learner.network.named_parameters()]
    library[name] = dict(zip(names, learner.gradient(batch)[1]))
ways = {"BPTT by hand": backwards, "RTRL by hand": forwards, "BPTT": library["bptt"], "RTRL": library["rtrl"]}
for way, found in ways.items():
    gaps = {name: float((found[name] - autograd[name]).abs().max()) for name in "WRb"}
    print(f"{way:>12}: largest difference from autograd {', '.join(f'{n} {g:.1e}' for n, g in gaps.items())}")
assert all(float((found[n] - autograd[n]).abs().max()) < 1e-12 for found in ways.values() for n in "WRb")

# %% [markdown]
# And it does not depend on this network. The library's influence needs only the step itself, so the same holds for an
# LSTM, here weight by weight:

# %%
agreement = rc.rule_agreement(rc.Experiment.of("lstm", "adding", hidden_size=4, length=15), rows=4)
print("You may say", agreement.says)
print("You may not say", agreement.says_not)
rc.figures.rule_agreement(agreement)

# %% [markdown]
# ## Halfway: an error at every step
#
# With RTRL a gradient is there at every step. After step $t$ it is that of $\ell_1 + \dots + \ell_t$. Look at the
# influence itself as it grows: one row of the map for each row of a weight.

# %%
influence = rc.influence(run.network.trace(x).main)
print(influence.says)
rc.figures.influence(influence)

# %% [markdown]
# The states that both ways share, under a time cursor:

# %%
rc.viewer.Viewer.of(rc.viewer.timeline(run.network.trace(x[:1])))

# %% [markdown]
# ## Where do the costs go?
#
# Backwards, each step multiplies with $R$ once: $T H^2$ products, and $T H$ numbers wait for the way back. Forwards,
# each step multiplies $R$ with $H^2$ vectors of $H$ numbers: $T H^4$ products, and $H^3$ numbers are kept, however long
# the sequence is. So much for theory. Here every product and every living number is counted while the rules run, and a
# straight line is laid through the logarithms:

# %%
costs = rc.rule_costs(run.spec, lengths=(16, 32), units=(4, 8, 16), steps=16)
exponents = costs.exponents().set_index(["rule", "grows"])
for rule in ("bptt", "rtrl", "hybrid", "kalman"):
    for grows, letter in (("length", "T"), ("units", "H")):
        row = exponents.loc[(rule, grows)]
        print(f"{costs.labels[rule]:>8}: multiplications {letter}^{row['multiplications']:.1f}, "
              f"numbers kept {letter}^{row['numbers kept']:.1f}")
rc.figures.rule_costs(costs, grows="units")

# %%
rc.figures.rule_costs(costs, count="numbers kept")

# %% [markdown]
# The fitted powers are those of the sizes counted, not of infinity: with few units the smaller terms still count. The
# hybrid does both, looks back within a block and carries along from block to block, and is exact too. Kalman training
# follows no gradient; it carries the same influence and besides it how uncertain all pairs of weights are.
#
# In the dashboard the same rules train side by side: Learning rules.
