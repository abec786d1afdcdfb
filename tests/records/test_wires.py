"""Calculations taken apart: every kind of part against autograd, boxes, what nobody differentiates."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rnn_core.records.wires import take_apart, transposed

a, b = torch.randn(3, 4).double(), torch.randn(3, 4).double()
W = torch.randn(5, 4).double()
CASES = {
    "gain": lambda x: torch.nn.functional.linear(x, W),
    "gain sum": lambda x: torch.nn.functional.linear(x, W, W[:, 0]),
    "gain wire": lambda x: x @ W.t(),
    "wire gain sum": lambda x: torch.addmm(x @ W.t(), x, W.t()),
    "sum": lambda x: x - (1.0 - x) + b,
    "gain number": lambda x: 3 * x / 2,
    "product": lambda x: x * b * x,
    "product sum": lambda x: torch.addcmul(x, x, b),
    "sum product": lambda x: torch.lerp(x, b, torch.sigmoid(x)),
    "bend": lambda x: torch.tanh(torch.sigmoid(torch.sin(torch.cos(torch.relu(torch.exp(x)))))),
    "cut join": lambda x: torch.cat([x[:, 2:], x.chunk(2, 1)[0], x.narrow(1, 1, 2).clone()], 1),
    "wire": lambda x: x.unflatten(1, (2, 2)).flatten(1).unsqueeze(0).squeeze(0),
    "broadcast": lambda x: x * x[:1] + x[:, :1],
    "box": lambda x: torch.where(x > 0, x, 2 * x).softmax(1) / x.exp().sum(1, keepdim=True),
    "dead end": lambda x: x * x.detach() + torch.zeros_like(x),
}


@pytest.mark.parametrize("name", CASES)
def test_the_transpose_is_the_gradient(name):
    x = a.clone().requires_grad_()
    y = CASES[name](x)
    g = torch.randn(y.shape).double()
    theirs, = torch.autograd.grad(y, x, g)
    given = a.clone()
    out, parts = take_apart(lambda: CASES[name](given))
    torch.testing.assert_close(out, y.detach())
    torch.testing.assert_close(transposed(parts, [(out, g)])[id(given)], theirs)
    kinds = {part.kind for part in parts}
    assert kinds & set(name.split()) or name in ("broadcast", "dead end")


def test_only_what_is_none_of_these_stays_a_box():
    for name, case in CASES.items():
        _, parts = take_apart(lambda case=case: case(a.clone()))
        assert any(p.kind == "box" for p in parts) == (name == "box")


def test_several_starts_add_up():
    given = a.clone()
    (u, v), parts = take_apart(lambda: (torch.tanh(given), given * given))
    found: Tensor = transposed(parts, [(u, torch.ones_like(u)), (v, torch.ones_like(v))])[id(given)]
    torch.testing.assert_close(found, 1 - a.tanh() ** 2 + 2 * a)
