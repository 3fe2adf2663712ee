"""MP3 whose header states no length, or a wrong one: every frame is read all the same."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from bigru.errors import DataError
from bigru.readers.audio import mpeg
from bigru.readers.audio.decoding import Recording, load

DELAY = 2500
"""Samples by which a coder and a decoder together shift or lengthen a recording at most."""


def mp3(rate: int = 16000, mode: str = "VARIABLE", count: int = 60_000) -> bytes:
    """Return noise, silence and a tone, whose frames differ in size."""
    noise, part = np.random.default_rng(0).standard_normal(count // 3), count // 3
    x = np.concatenate([0.3 * noise, np.zeros(part), 0.3 * np.sin(np.arange(part) / 3)])
    stream = io.BytesIO()
    options = {"format": "MP3", "bitrate_mode": mode, "compression_level": 0.5}
    soundfile.write(stream, x, rate, **options)
    return stream.getvalue()


def bare(content: bytes) -> bytes:
    """Return the file without the frame that states its length, as recorded streams are."""
    return content[list(mpeg.frames(content))[1].start :]


def length(content: bytes) -> int:
    return len(load(Recording("x", "x", content=content))[0])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_frames_follow_one_another_to_the_end(rate: int, mode: str) -> None:
    content = mp3(rate, mode)
    found = list(mpeg.frames(content))
    assert found[-1].start + found[-1].size == len(content)
    assert len(found) == pytest.approx(60_000 / (1152 if rate == 44100 else 576), abs=5)


def test_a_file_that_states_its_length_stays_as_it_is() -> None:
    assert mpeg.with_frame_count(mp3()) is None
    assert length(mp3()) == 60_000


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
def test_a_stream_that_states_none_is_read_to_its_end(rate: int, mode: str) -> None:
    assert length(bare(mp3(rate, mode))) == pytest.approx(60_000, abs=DELAY)


def test_joined_files_are_read_to_the_end_of_the_last() -> None:
    assert length(mp3(count=30_000) + mp3(count=60_000)) == pytest.approx(90_000, abs=2 * DELAY)


@pytest.mark.parametrize("tag", [b"TAG" + bytes(125), b"APETAGEX" + bytes(24), b"\xff\x00no frame" * 20])
def test_tags_behind_the_frames_are_passed_over(tag: bytes) -> None:
    assert length(mp3() + tag) == 60_000
    assert length(bare(mp3()) + tag) == pytest.approx(60_000, abs=DELAY)


def test_a_tag_before_the_frames_is_passed_over() -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)
    assert length(tag + mp3()) == 60_000
    assert length(tag + bare(mp3())) == pytest.approx(60_000, abs=DELAY)


def test_a_last_frame_that_is_cut_is_refused() -> None:
    with pytest.raises(DataError, match="x: audio must be whole, got 'x', truncated: 20 bytes are missing"):
        length(bare(mp3())[:-20])
    with pytest.raises(
        DataError, match=r"x: audio must be whole, got 'x', truncated: \d+ of 60000 samples are missing"
    ):
        length(mp3()[:-2000])
