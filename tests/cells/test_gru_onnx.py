"""A second road to the GRU's two main forms: the operator of ONNX, run by its reference evaluator."""
from __future__ import annotations

import pytest
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

import rnn_core as rc
from rnn_core.cells.gru import GRUState

B, T, INPUTS, UNITS = 3, 7, 4, 5
pytestmark = pytest.mark.usefixtures("float64")


def by_onnx(cell, x, start, **attributes):
    """All hidden states (b, t, n) and the last one (b, n) of one ONNX node of the kind GRU with the cell's weights."""
    reads = {"X": x.transpose(0, 1), "W": gates(cell.W)[None], "R": gates(cell.R)[None],
             "B": torch.cat([gates(cell.b), gates(recurrent_bias(cell))])[None], "h": start[None]}
    node = helper.make_node("GRU", ["X", "W", "R", "B", "", "h"], ["Y", "last"], hidden_size=UNITS, **attributes)
    declare = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, None) for name in (*reads, "Y", "last")]
    graph = helper.make_graph([node], "gru", declare[:-2], declare[-2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    said, last = ReferenceEvaluator(model).run(None, {k: v.detach().numpy() for k, v in reads.items()})
    return torch.from_numpy(said).squeeze(1).transpose(0, 1), torch.from_numpy(last).squeeze(0)


def gates(rows):
    """Our order r, z, n as ONNX has it: z, r, h."""
    r, z, n = rows.chunk(3)
    return torch.cat([z, r, n])


def recurrent_bias(cell):
    """The bias inside the recurrent product; v1 has none, v3 only that of the candidate."""
    none = torch.zeros_like(cell.b)
    return none if cell.settings.variant == "v1" else torch.cat([none[:2 * UNITS], cell.c])


def drawn(variant):
    """A cell with all weights random, inputs (b, t, i) and a state (b, n) to start from."""
    generator = torch.Generator().manual_seed(0)
    cell = rc.make_cell("gru", INPUTS, hidden_size=UNITS, variant=variant)
    with torch.no_grad():
        for p in cell.parameters():
            p.normal_(generator=generator)
    return cell, torch.randn(B, T, INPUTS, generator=generator), torch.randn(B, UNITS, generator=generator)


@pytest.mark.parametrize(("variant", "after"), [("v1", 0), ("v3", 1)])
def test_equals_the_operator_of_onnx(variant, after):
    cell, x, start = drawn(variant)
    said, last = by_onnx(cell, x, start, linear_before_reset=after)
    trace = rc.unroll(cell, x, GRUState(start))
    assert said.dtype == torch.float64 and said.shape == (B, T, UNITS)
    torch.testing.assert_close(trace.outputs.detach(), said, rtol=0, atol=1e-10)
    torch.testing.assert_close(trace.final.h.detach(), last, rtol=0, atol=1e-10)


def test_the_first_form_is_what_onnx_takes_when_nothing_is_said():
    cell, x, start = drawn("v1")
    said, _ = by_onnx(cell, x, start)
    torch.testing.assert_close(rc.unroll(cell, x, GRUState(start)).outputs.detach(), said, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("variant", "after"), [("v1", 1), ("v3", 0)])
def test_the_other_form_is_another_network(variant, after):
    cell, x, start = drawn(variant)
    said, _ = by_onnx(cell, x, start, linear_before_reset=after)
    assert (rc.unroll(cell, x, GRUState(start)).outputs - said).abs().max() > 0.01
