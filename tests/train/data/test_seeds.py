from __future__ import annotations

import torch

from bigru.train.data.seeds import derive, set_seed

CPU = torch.device("cpu")


def test_every_purpose_and_index_has_its_own_seed() -> None:
    places = [(seed, purpose, index) for seed in (0, 1, -1) for purpose in (1, 2, 3) for index in (0, 1, 2)]
    assert len({derive(*place) for place in places}) == len(places)


def test_seeds_are_the_same_everywhere() -> None:
    assert derive(0, 1, 2) == 3884055042


def test_set_seed_fixes_what_is_drawn() -> None:
    with torch.random.fork_rng(devices=[]):
        set_seed(5, CPU)
        first = torch.rand(3)
        set_seed(5, CPU)
        assert torch.equal(torch.rand(3), first)
        set_seed(6, CPU)
        assert not torch.equal(torch.rand(3), first)
