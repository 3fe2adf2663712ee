"""An instruction set is chosen by each thread; what is packed stays on its set, gates are read on any."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from cases import HERE, assert_close, backward_reference, forward, output_gradients, prepare, random_case

from bigru import _native
from bigru.errors import ArgumentError
from bigru.ops import library
from bigru.ops.ctc import native as ctc
from bigru.ops.gru import native

# On vectors of 4, 8 and 16 floats 65 units are packed in three ways.
CASE = random_case(0, 5, 6, 20, 65)


def bits(arrays):
    return [array.tobytes() for array in arrays]


def test_the_set_of_a_test_is_in_use(instruction_set):
    assert library.isa() == instruction_set
    assert dict(library.instruction_sets())[instruction_set]


@pytest.mark.any_instruction_set
def test_a_choice_ends_with_its_block_even_by_an_error():
    before = library.isa()
    for name in HERE:
        with library.use_instruction_set(name):
            assert library.isa() == name
        assert library.isa() == before
        with pytest.raises(ZeroDivisionError), library.use_instruction_set(name):
            _ = 1 / 0
        assert library.isa() == before


@pytest.mark.any_instruction_set
@pytest.mark.parametrize("name", ["mmx", "", "avx"])
def test_a_set_that_is_missing_is_refused_and_the_choice_stays(name):
    refused = f"^bigru_use_isa: name must be an instruction set of this build that this CPU runs, got {name}$"
    want = f"^bigru: instruction set must be one of {', '.join(HERE)} on this machine, got {name}\\.$"
    with library.use_instruction_set(HERE[-1]):
        with pytest.raises(ValueError, match=refused):
            _native.use_isa(name)
        with pytest.raises(ArgumentError, match=want), library.use_instruction_set(name):
            pass
        assert library.isa() == HERE[-1]


def test_none_is_the_set_of_the_process(instruction_set):
    asked = []
    thread = threading.Thread(target=lambda: asked.append(library.isa()))
    thread.start()
    thread.join()
    _native.use_isa(None)
    assert [library.isa()] == asked


@pytest.mark.any_instruction_set
def test_the_portable_set_rounds_otherwise_than_those_that_fuse():
    outputs = {}
    for name in HERE:
        with library.use_instruction_set(name):
            outputs[name] = forward(CASE)[0].tobytes()
    assert [name for name in HERE if outputs[name] == outputs["portable"]] == ["portable"]


@pytest.mark.any_instruction_set
def test_another_thread_keeps_its_own():
    want, got, chosen, done = forward(CASE)[0], [], threading.Event(), threading.Event()

    def other():
        chosen.wait()
        got.extend([library.isa(), forward(CASE, threads=2)[0]])
        done.set()

    before = library.isa()
    thread = threading.Thread(target=other)
    thread.start()
    with library.use_instruction_set(HERE[-1]):
        chosen.set()
        done.wait()
    thread.join()
    assert got[0] == before
    np.testing.assert_array_equal(got[1], want)


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
def test_prepared_weights_run_on_the_set_that_packed_them(precision):
    case = replace(random_case(1, 5, 6, 20, 65, reverse=(True,)), precision=precision)
    prepared, inputs = prepare(case), np.nan_to_num(case.x[:, 0])

    def answers():
        h = case.h0[0].copy()
        prepared.step(inputs, h)
        return bits([*prepared.forward(case.x, lengths=case.lengths, h0=case.h0, threads=2), h])

    want = answers()
    for name in HERE:
        with library.use_instruction_set(name):
            assert answers() == want


@pytest.mark.parametrize("hidden", [1, 4, 7, 9, 16, 17, 33, 65])
@pytest.mark.parametrize("reset_after", [True, False])
def test_gates_are_read_on_any_set(hidden, reset_after, instruction_set):
    case = random_case(2, 9, 6, 5, hidden, reset_after=reset_after)
    saved = forward(case, keep=True)[2]
    assert saved.gates.size == 2 * 9 * 6 * native.gate_floats(hidden) == 2 * 9 * 6 * 4 * -(-hidden // 16) * 16
    dy, dh_n = output_gradients(case)
    want_dx, want_dh0, want_weights = backward_reference(case, dy, dh_n)
    for name in HERE:
        with library.use_instruction_set(name):
            dx, dh0, weights = native.backward(dy, dh_n, saved)
        assert_close(dx, want_dx, "gradient")
        assert_close(dh0, want_dh0, "gradient")
        for walk, want in zip(weights, want_weights, strict=True):
            for got, exact in zip(walk, want, strict=True):
                assert_close(got, exact, "gradient")


def test_helper_threads_work_on_the_set_of_their_caller():
    logits = np.random.default_rng(0).normal(size=(16, 90, 300)).astype(np.float32)
    alone, shared = (ctc.greedy(logits, threads=threads) for threads in (1, 4))
    assert [one.log_probability for one in alone] == [one.log_probability for one in shared]
    assert all(a.tobytes() == b.tobytes() for a, b in zip(alone[0][1:4], shared[0][1:4], strict=True))
