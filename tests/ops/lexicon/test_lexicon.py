"""The words of a lexicon at every unit: the definition by hand, its laws, the tree, and the compiled look-up."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.ops.lexicon import native
from bigru.ops.lexicon.reference import SLOTS, matches
from bigru.ops.lexicon.trie import DEEPEST, Trie, trie_of

Words = dict[tuple[int, ...], int]


def tree(words: Words) -> Trie:
    codes = np.array([code for word in words for code in word], np.uint64)
    lengths = np.array([len(word) for word in words], np.int64)
    return trie_of(codes, lengths, np.array([*words.values()], np.int32))


def of(text: str) -> tuple[int, ...]:
    return tuple(map(ord, text))


def drawn(seed: int) -> tuple[Words, list[int], list[int]]:
    """Return words over few symbols, so that many lie within others, with units and lengths of inputs."""
    random = np.random.default_rng(seed)
    symbols = int(random.integers(1, 4))
    words: Words = {}
    for _ in range(random.integers(1, 25)):
        words[tuple(random.integers(0, symbols, random.integers(1, 6)).tolist())] = int(random.integers(1, 9))
    lengths = random.choice([0, 1, 2, 7, 20], random.integers(0, 5)).tolist()
    return words, random.integers(0, symbols, sum(lengths)).tolist(), lengths


def test_by_hand() -> None:
    words = {of("南京"): 1, of("南京市"): 2, of("市长"): 3, of("长江"): 4, of("市长江大桥"): 5, of("市"): 6}
    found = matches(words, of("南京市长江"), [5])
    named = [dict(zip(SLOTS, row.tolist(), strict=True)) for row in found]
    none = [0, 0, 0]
    assert named[0] == dict.fromkeys(SLOTS, none) | {"begin": [2, 0, 2], "begin_next": [1, 0, 1]}
    assert named[1] == dict.fromkeys(SLOTS, none) | {"middle": [2, 1, 1], "end": [1, 1, 0]}
    # The bridge does not end within the input, and so is no word of it.
    want = {"begin": [3, 0, 1], "end": [2, 2, 0], "single": [6, 0, 0]}
    assert named[2] == dict.fromkeys(SLOTS, none) | want
    assert named[3] == dict.fromkeys(SLOTS, none) | {"begin": [4, 0, 1], "end": [3, 1, 0]}
    assert named[4] == dict.fromkeys(SLOTS, none) | {"end": [4, 1, 0]}


def test_no_word_lies_across_two_inputs() -> None:
    words = {of("北京"): 1}
    assert not matches(words, of("北京"), [1, 1]).any()
    assert matches(words, of("北京"), [0, 2, 0]).any()


def test_of_words_of_one_length_around_a_unit_the_first_counts() -> None:
    found = matches({of("abc"): 1, of("bcd"): 2, of("abcd"): 3}, of("abcd"), [4])
    assert found[1, SLOTS.index("middle")].tolist() == [3, 1, 2]
    found = matches({of("abcd"): 1, of("bcde"): 2}, of("abcde"), [5])
    assert found[2, SLOTS.index("middle")].tolist() == [1, 2, 1]


@pytest.mark.parametrize("seed", range(20))
def test_a_mirrored_lexicon_has_mirrored_words(seed: int) -> None:
    words, codes, lengths = drawn(seed)
    lengths = [len(codes)]
    found = matches(words, codes, lengths)
    mirrored = matches({word[::-1]: value for word, value in words.items()}, codes[::-1], lengths)[::-1]
    order = [SLOTS.index(slot) for slot in ("end", "end_next", "middle", "begin", "begin_next", "single")]
    same = [slot for slot in range(len(SLOTS)) if SLOTS[slot] != "middle"]
    # Around a unit the first of equally long words counts, which is the last one in the mirror.
    assert np.array_equal(found[:, same], mirrored[:, order][:, :, [0, 2, 1]][:, same])
    middle = SLOTS.index("middle")
    assert np.array_equal(found[:, middle, 1:].sum(axis=1), mirrored[:, middle, 1:].sum(axis=1))


@pytest.mark.parametrize("seed", range(60))
def test_the_compiled_look_up_is_the_definition(seed: int) -> None:
    words, codes, lengths = drawn(seed)
    got = native.matches(tree(words), np.array(codes, np.uint64), np.array(lengths, np.int64))
    assert got.dtype == np.int32
    assert np.array_equal(got, matches(words, codes, lengths))


def test_a_tree_holds_every_word_once() -> None:
    words = {of("ab"): 5, of("abc"): 6, of("b"): 7, of("ac"): 8, (2**64 - 1,): 9}
    trie = tree(words)
    assert trie.symbols.tolist() == [0, *of("ab"), 2**64 - 1, *of("bc"), *of("c")]
    assert trie.children.tolist() == [1, 4, 6, 6, 6, 7, 7, 7]
    assert trie.values.tolist() == [0, 0, 7, 9, 5, 8, 6]


def test_longest_words_are_found_and_longer_ones_never_looked_up() -> None:
    words = {(1,) * DEEPEST: 1, (2,) * (DEEPEST + 1): 2}
    codes = np.array([1] * DEEPEST + [2] * (DEEPEST + 1), np.uint64)
    found = native.matches(tree(words), codes, np.array([DEEPEST, DEEPEST + 1], np.int64))
    assert found[0, SLOTS.index("begin")].tolist() == [1, 0, DEEPEST - 1]
    assert not found[DEEPEST:].any()


def test_units_wait_while_a_word_may_go_on() -> None:
    trie = tree({of("北京大学"): 1, of("北京"): 2, of("大"): 3})
    wanted = {"": 0, "我": 0, "北": 1, "我在北京": 2, "北京大": 3, "北京大学": 0, "北京北": 1, "北京大人": 0}
    assert {text: trie.unfinished(np.array(of(text), np.uint64)) for text in wanted} == wanted


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"children": [0, 2, 2]}, "bigru_lexicon_matches: children must be ranges of later nodes"),
        ({"children": [1, 9, 2]}, "bigru_lexicon_matches: children must be ranges of later nodes"),
        ({"children": [1, 2]}, r"bigru\._native: children must be int64 \[3\], got \[2\]\."),
        ({"lengths": [2]}, "bigru_lexicon_matches: lengths must not be negative and add up to N"),
        ({"lengths": [-1, 2]}, "bigru_lexicon_matches: lengths must not be negative and add up to N"),
        ({"symbols": []}, r"bigru\._native: children must be int64 \[1\], got \[3\]\."),
    ],
)
def test_what_is_no_tree_is_refused(changes: dict[str, list[int]], message: str) -> None:
    given = {"lengths": [1], "symbols": [0, 7], "children": [1, 2, 2]} | changes
    lengths, symbols, children = (np.array(given[name], kind) for name, kind in zip(given, "qQq", strict=True))
    with pytest.raises(ValueError, match=message):
        native.matches(Trie(symbols, children, np.array([0, 1], np.int32)), np.array([7], np.uint64), lengths)
