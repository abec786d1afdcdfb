"""One more axis in front changes nothing: every known function, against torch.vmap."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from rnn_core.stacked.shift import ELEMENTWISE, Shifted, Unknown

K, B, N = 2, 3, 4
FUNCTIONS = {
    "addmm": (lambda d, u, R: torch.addmm(d, u, R.t()), [(B, N), (B, N), (N, N)]),
    "addmm with a vector": (lambda d, u, R: torch.addmm(d, u, R.t()), [(N,), (B, N), (N, N)]),
    "mm": (torch.mm, [(B, N), (N, N)]),
    "@": (lambda a, b: a @ b, [(B, N), (N, N)]),
    "linear": (functional.linear, [(B, N), (N, N), (N,)]),
    "linear without bias": (functional.linear, [(5, B, N), (N, N)]),
    "chunk": (lambda x: x.chunk(2, 1)[1], [(B, N)]),
    "split": (lambda x: torch.split(x, [1, 3], dim=-1)[1], [(B, N)]),
    "cat": (lambda a, b: torch.cat([a, b], 1), [(B, N), (B, N)]),
    "softmax": (lambda x: torch.softmax(x, -1), [(B, N)]),
    "softmax over the batch": (lambda x: x.softmax(0), [(B, N)]),
    "a vector spreads over rows": (lambda x, c: 2 * x + c, [(B, N), (N,)]),
    "lerp": (torch.lerp, [(B, N), (B, N), (B, N)]),
    "addcmul": (torch.addcmul, [(B, N), (B, N), (N,)]),
    "where": (lambda x, c: torch.where(x > 0, x, c), [(B, N), (N,)]),
    "functions": (lambda x: 1 - torch.tanh(x).square() + torch.sigmoid(-x) / (abs(x) + 1), [(B, N)]),
    "shape": (lambda x: x * x.shape[0] + x.shape[-1], [(B, N)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_as_vmap(name, generator):
    function, shapes = FUNCTIONS[name]
    args = [torch.randn(K, *shape, generator=generator) for shape in shapes]
    with Shifted():
        found = function(*args)
    torch.testing.assert_close(found, torch.vmap(function)(*args))


@pytest.mark.parametrize("function", [
    lambda x: x.sum(), lambda x: x[0], lambda x: x.reshape(-1), lambda x: x @ x[0], lambda x: x.new_zeros(2),
    lambda x: functional.layer_norm(x, [N]), lambda x: torch.mm(x, torch.ones(N)), lambda x: bool(x.mean() > 0)])
def test_what_is_not_known_is_refused(function):
    with pytest.raises(Unknown, match="not known on stacked weights"), Shifted():
        function(torch.ones(K, B, N))


def test_outside_nothing_is_changed():
    x = torch.ones(2, 3)
    with Shifted():
        pass
    assert x.sum() == 6 and "sum" not in ELEMENTWISE
