from __future__ import annotations

import numpy as np

from bigru.train.data.holdout import hold_out, take


def sequences(count: int) -> list[np.ndarray]:
    return [np.array([[n, n % 7]], np.int32) for n in range(count)]


def test_a_tenth_of_each_label_is_held_out() -> None:
    targets = np.array([0] * 70 + [1] * 30)
    held = hold_out(sequences(100), targets, 0)
    assert np.bincount(targets[held]).tolist() == [7, 3]
    assert held.dtype == np.int64
    assert (np.diff(held) > 0).all()


def test_the_seed_decides() -> None:
    targets = np.zeros(100, np.int64)
    assert hold_out(sequences(100), targets, 3).tolist() == hold_out(sequences(100), targets, 3).tolist()
    assert hold_out(sequences(100), targets, 3).tolist() != hold_out(sequences(100), targets, 4).tolist()


def test_equal_sequences_stay_on_one_side() -> None:
    features = sequences(20) * 5
    held = set(hold_out(features, np.arange(100) % 20 % 2, 0).tolist())
    kept = set(range(100)) - held
    assert len(held) == 10
    assert {i % 20 for i in held} & {i % 20 for i in kept} == set()


def test_sequences_that_fill_more_than_a_tenth_stay_with_the_training() -> None:
    features = sequences(2) * 20 + sequences(60)[2:]
    held = hold_out(features, np.zeros(98, np.int64), 0)
    assert len(held) == 10
    assert (held >= 40).all()
    assert hold_out(sequences(4) * 20, np.zeros(80, np.int64), 0).tolist() == []


def test_many_equal_sequences_do_not_take_the_share_of_other_labels() -> None:
    # One text eight times and thirty others of one label, forty of the other: four of each are held out.
    features = sequences(1) * 8 + sequences(71)[1:]
    targets = np.array([0] * 38 + [1] * 40)
    for seed in range(5):
        assert np.bincount(targets[hold_out(features, targets, seed)]).tolist() == [4, 4]


def test_rare_labels_share_a_tenth_and_keep_one_to_train_on() -> None:
    targets = np.repeat(np.arange(20), 2)
    held = hold_out(sequences(40), targets, 0)
    assert len(held) == 4
    assert set(targets[np.setdiff1d(np.arange(40), held)]) == set(range(20))


def test_labels_of_one_example_are_never_held_out() -> None:
    assert hold_out(sequences(30), np.arange(30), 0).tolist() == []
    assert hold_out(sequences(1), np.array([0]), 0).tolist() == []


def test_many_labels_and_tags_count_under_their_first() -> None:
    many = np.zeros((60, 3), np.float32)
    many[:30, 1] = many[:20, 2] = 1
    assert np.bincount(many[hold_out(sequences(60), many, 0), 1].astype(int)).tolist() == [3, 3]
    tags = [np.array([n // 30, 0]) for n in range(59)] + [np.zeros(0, np.int64)]
    held = hold_out(sequences(60), tags, 0)
    assert len(held) == 6


def test_a_class_with_a_few_rows_gives_one_where_its_share_is_less() -> None:
    targets = np.array([0] * 100 + [1] * 5 + [2] * 5 + [3] * 4)
    for seed in range(5):
        held = hold_out(sequences(114), targets, seed)
        assert np.bincount(targets[held], minlength=4)[[1, 2]].tolist() == [1, 1]
        assert 11 <= len(held) <= 13
    # Those that are not different do not count, nor do the first tags of sentences.
    features = sequences(100) + [np.array([[1000, 0]], np.int32)] * 5 + sequences(120)[101:110]
    assert 1 not in targets[hold_out(features, targets, 0)]
    tags = [np.array([target]) for target in targets]
    assert len(hold_out(sequences(114), tags, 1)) == 11


def test_groups_stay_on_one_side_and_the_labels_shares_are_kept() -> None:
    groups = [f"speaker {n % 20}" for n in range(400)]
    targets = np.array([n % 20 // 10 for n in range(400)])
    for seed in range(5):
        held = hold_out(sequences(400), targets, seed, groups)
        inside = {groups[n] for n in held}
        assert inside & {groups[n] for n in np.setdiff1d(np.arange(400), held)} == set()
        assert np.bincount(targets[held]).tolist() == [20, 20]
    again = [hold_out(sequences(400), targets, seed, groups).tolist() for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]


def test_equal_sequences_join_groups() -> None:
    features = sequences(40)
    features[25] = features[0]
    groups = [n // 10 for n in range(40)]
    for seed in range(10):
        held = set(hold_out(features, np.arange(40) % 2, seed, groups).tolist())
        assert held in (set(range(10, 20)), set(range(30, 40)))


def test_groups_that_are_large_or_have_a_label_of_their_own_stay_with_the_training() -> None:
    targets = np.array([0, 1] * 30)
    assert hold_out(sequences(60), targets, 0, ["a"] * 31 + ["b"] * 29).tolist() == list(range(31, 60))
    assert hold_out(sequences(60), targets, 0, ["a"] * 60).tolist() == []
    assert hold_out(sequences(60), targets, 0, ["ab"[n % 2] for n in range(60)]).tolist() == []
    # Tags and several labels have no such bound, as a sequence has many of them.
    tags = [np.array([n % 2]) for n in range(60)]
    assert len(hold_out(sequences(60), tags, 0, ["ab"[n % 2] for n in range(60)])) == 30


def test_take_keeps_the_form() -> None:
    indices = np.array([2, 0])
    assert take(np.array([5, 6, 7]), indices).tolist() == [7, 5]
    assert take(["a", "b", "c"], indices) == ["c", "a"]
