"""Who loses a place where all are taken, and which limits there can be."""

from __future__ import annotations

import math

import pytest

from bigru.errors import ArgumentError
from bigru.serve.engine.limits import ConnectionSlots, Limits


class Client:
    """A connection that notes when it is closed."""

    def __init__(self, places: ConnectionSlots, address: str) -> None:
        self.places, self.closed = places, False
        self.entered = places.enter(self, address, self.close)

    def close(self) -> None:
        self.closed = True

    def wait(self) -> None:
        self.places.wait(self, self.close)


def test_the_client_that_is_waited_for_longest_is_closed() -> None:
    places = ConnectionSlots(3)
    first, second, third = (Client(places, "a") for _ in range(3))
    first.wait()
    fourth = Client(places, "a")
    assert [one.closed for one in (first, second, third, fourth)] == [False, True, False, False]
    assert Client(places, "a").entered
    assert [one.closed for one in (first, third)] == [False, True]


def test_those_of_the_address_with_the_most_places_come_first() -> None:
    places = ConnectionSlots(4)
    alone = Client(places, "good")
    many = [Client(places, "bad") for _ in range(3)]
    for _ in range(10):
        many.append(Client(places, "bad"))
    assert not alone.closed
    assert [one.closed for one in many] == [True] * 10 + [False] * 3


def test_a_client_that_waits_for_its_answer_is_never_closed() -> None:
    places = ConnectionSlots(2)
    working = [Client(places, "a") for _ in range(2)]
    for one in working:
        places.work(one)
    assert not Client(places, "b").entered
    assert not any(one.closed for one in working)
    places.leave(working[0])
    assert Client(places, "b").entered


def test_who_has_left_has_no_place() -> None:
    places = ConnectionSlots(1)
    first = Client(places, "a")
    places.leave(first)
    first.wait()
    assert Client(places, "a").entered
    assert not first.closed


SECONDS = [
    ("timeout", math.inf, "at most 1000000, got inf"),
    ("timeout", 1e300, "at most 1000000, got 1e+300"),
    ("wait", math.nan, "greater than 0, got nan"),
    ("idle", 0.0, "greater than 0, got 0.0"),
    ("body", 10**30, f"at most 1099511627776, got {10**30}"),
]


@pytest.mark.parametrize(("name", "value", "want"), SECONDS)
def test_a_limit_is_a_number_that_a_machine_has(name: str, value: float, want: str) -> None:
    with pytest.raises(ArgumentError) as found:
        Limits(**{name: value})
    assert str(found.value) == f"serve: {name} must be {want}."
