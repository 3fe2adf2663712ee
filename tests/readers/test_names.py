from __future__ import annotations

import pytest

from bigru.readers.names import EXACT, HEAD, IDS, KNOWN, LABELS, OUTCOMES, PART, TEXTS, TIMES, TITLES, fit, name_words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tweet_text", ("tweet", "text")),
        ("tweetText", ("tweet", "text")),
        ("Tweet text ", ("tweet", "text")),
        ("x1", ("x", "1")),
        ("评论 内容", ("评论", "内容")),
        ("", ()),
        ("__", ()),
    ],
)
def test_words_of_a_name(name: str, words: tuple) -> None:
    assert name_words(name) == words


@pytest.mark.parametrize(
    ("name", "known", "least", "below"),
    [
        ("text", TEXTS, 4.0, 4.1),
        (" Text", TEXTS, 4.0, 4.1),
        ("reviewText", TEXTS, EXACT, 4.0),
        ("Review Text", TEXTS, EXACT, 4.0),
        ("REVIEW_TEXT", TEXTS, EXACT, 4.0),
        ("my_text", TEXTS, HEAD, HEAD + 0.1),
        ("text_length", TEXTS, PART, PART + 0.1),
        ("商品评论", TEXTS, HEAD, HEAD + 0.1),
        ("评论数", TEXTS, PART, PART + 0.1),
        ("Bewertungstext", TEXTS, HEAD, HEAD + 0.1),
        ("texture", TEXTS, 0.0, 0.1),
        ("", TEXTS, 0.0, 0.1),
        ("v2", TEXTS, 0.0, 0.1),
        ("airline_sentiment", LABELS, HEAD, HEAD + 0.1),
        ("Klasse", LABELS, EXACT, 4.0),
        ("happy", LABELS, 0.0, 0.1),
        ("fault_type", OUTCOMES, HEAD, HEAD + 0.1),
        ("headline", TITLES, EXACT, 4.0),
        ("Patienten-ID", IDS, EXACT, 4.0),
        ("Zeitstempel", TIMES, EXACT, 4.0),
    ],
)
def test_how_well_a_name_fits(name: str, known: tuple, least: float, below: float) -> None:
    assert least <= fit(name, known) < below


def test_the_surest_name_fits_best() -> None:
    assert fit("text", TEXTS) > fit("review", TEXTS) > fit("description", TEXTS) >= EXACT
    assert fit("label", LABELS) > fit("rating", LABELS)


def test_short_names_are_not_found_within_others() -> None:
    assert fit("y", LABELS) >= EXACT
    assert fit("axis y", LABELS) == 0.0


def test_no_name_fits_nothing_known() -> None:
    assert fit("text", ()) == 0.0


def test_names_that_mean_nothing_by_themselves_are_not_known() -> None:
    assert not {"v1", "v2", "x", "1"} & set(KNOWN)
