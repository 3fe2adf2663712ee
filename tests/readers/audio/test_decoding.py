"""Audio of every codec, odd headers and damaged bytes: samples, or one sentence that names the file."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
import soundfile

import sounds
from bigru.errors import BigruError, DataError
from bigru.readers.audio.decoding import BLOCK, MOST_SAMPLES, Recording, blocks, claimed_header, header, load
from tolerances import SPECTRUM

MUTATIONS = 400


def encoded(samples: np.ndarray, rate: int = 8000, **options: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate, **options)
    return stream.getvalue()


def held(content: bytes, **fields: float) -> Recording:
    return Recording("x.wav", "x.wav", content=content, **fields)


def wav(rate: int, samples: np.ndarray, channels: int = 1) -> bytes:
    """Return a WAV file of 16 bits by hand."""
    data = samples.astype("<i2").tobytes()
    layout = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 * channels % (1 << 32), 2 * channels, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + layout + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def flac(samples: np.ndarray, rate: int = 8000, *, claimed: int | None = None, says: int | None = None) -> bytes:
    """Return a FLAC file whose header claims another number of samples, or another rate."""
    content = bytearray(encoded(samples, rate, format="FLAC"))
    head = int.from_bytes(content[18:26], "big")
    if claimed is not None:
        head = head >> 36 << 36 | claimed
    if says is not None:
        head = head & ((1 << 44) - 1) | says << 44
    content[18:26] = head.to_bytes(8, "big")
    return bytes(content)


@pytest.mark.parametrize(
    ("format", "subtype", "tolerance"),
    [
        ("WAV", "PCM_U8", 0.01),
        ("WAV", "PCM_24", 1e-6),
        ("WAV", "PCM_32", 1e-6),
        ("WAV", "FLOAT", 1e-6),
        ("WAV", "DOUBLE", 1e-6),
        ("WAV", "ULAW", 0.02),
        ("WAV", "ALAW", 0.02),
        ("WAV", "IMA_ADPCM", 0.05),
        ("WAV", "MS_ADPCM", 0.05),
        ("WAV", "G721_32", 0.1),
        ("WAVEX", "PCM_16", 1e-4),
        ("RF64", "PCM_16", 1e-4),
        ("W64", "PCM_16", 1e-4),
        ("AIFF", "PCM_16", 1e-4),
        ("AU", "PCM_16", 1e-4),
        ("CAF", "PCM_16", 1e-4),
        ("NIST", "PCM_16", 1e-4),
    ],
)
def test_every_codec_holds_the_tone(format: str, subtype: str, tolerance: float) -> None:
    x = sounds.tone("low")
    found, rate = load(held(encoded(x, format=format, subtype=subtype)))
    assert rate == 8000
    np.testing.assert_allclose(found[100 : len(x)], x[100:], atol=tolerance)


@pytest.mark.parametrize("format", ["WAV", "AIFF", "W64"])
def test_gsm_which_cannot_seek_is_read(format: str) -> None:
    x = sounds.tone("low", 0.4)
    found, _ = load(held(encoded(x, format=format, subtype="GSM610")))
    assert len(found) - len(x) in range(320)
    assert np.corrcoef(found[800:2400], x[800:2400])[0, 1] > 0.9


def test_mp3_is_read_from_memory_too() -> None:
    x = sounds.tone("middle", 0.5)
    found, rate = load(held(encoded(x, format="MP3")))
    assert (len(found), rate) == (4000, 8000)
    assert np.abs(found[500:3500] - x[500:3500]).max() < 0.05


@pytest.mark.parametrize(("channels", "frames"), [(1, 2 * BLOCK + 7), (2, BLOCK + 63), (7, 1001), (255, 2)])
def test_blocks_are_the_mean_of_the_whole(channels: int, frames: int) -> None:
    x = np.random.default_rng(0).integers(-9000, 9000, (frames, channels))
    rate, parts = blocks(held(wav(16000, x, channels)))
    given = list(parts)
    assert rate == 16000
    assert all(len(part) * channels <= BLOCK for part in given)
    whole = (x / 32768).astype(np.float32)
    np.testing.assert_array_equal(np.concatenate(given), whole[:, 0] if channels == 1 else whole.mean(axis=1))


def test_a_segment_is_read_alone() -> None:
    x = np.arange(8000)
    for codec in ({"format": "WAV"}, {"format": "FLAC"}):
        content = encoded(x.astype(np.int16), **codec)
        found, _ = load(held(content, start=0.25, length=0.5))
        np.testing.assert_array_equal(found * 32768, x[2000:6000])
        found, _ = load(held(content, start=0.9, length=0.15))
        np.testing.assert_array_equal(found * 32768, x[7200:])
    unseekable = encoded(sounds.tone("low", 1.0), format="WAV", subtype="GSM610")
    np.testing.assert_array_equal(
        load(held(unseekable, start=0.5, length=0.1))[0], load(held(unseekable))[0][4000:4800]
    )


def test_a_segment_beyond_the_end_is_refused() -> None:
    message = (
        r"x\.wav: audio must be as long as its segment \(0\.5 to 1\.5 s\), got 'x\.wav' of 1\.00 s\. "
        r"Correct offset and duration of the row\."
    )
    with pytest.raises(DataError, match=message):
        load(held(wav(8000, np.ones(8000)), start=0.5, length=1.0))


@pytest.mark.parametrize("rate", [0, 1, 999, 192_001, 655_350, 10**9, 2**31 - 1])
def test_a_rate_is_refused_by_the_header(rate: int) -> None:
    if rate == 0:
        message = r"x\.wav: audio must be WAV, FLAC, OGG or MP3 that can be decoded, got 'x\.wav': "
    else:
        message = (
            rf"x\.wav: rate of audio must be within 1000\.\.192000 hertz, got 'x\.wav' with {rate}\. "
            r"Resample it, or leave it out\."
        )
    with pytest.raises(DataError, match=message):
        header(held(wav(rate, np.ones(10))))


def test_what_a_header_claims_is_told_to_callers_with_bounds_of_their_own() -> None:
    found = claimed_header(held(wav(10**9, np.ones((10, 3)), 3)))
    assert (found.frames, found.rate, found.channels, found.subtype) == (10, 10**9, 3, "PCM_16")
    assert claimed_header(held(encoded(sounds.tone("low"), format="MP3"))).frames == 1600
    with pytest.raises(DataError, match=r"can be decoded, got 'x\.wav': Format not recognised"):
        claimed_header(held(b"nothing"))


def test_the_rate_of_flac_is_refused_before_anything_is_decoded() -> None:
    with pytest.raises(DataError, match=r"rate of audio must be .*, got 'x\.wav' with 655350"):
        load(held(flac(np.zeros(9000), says=655_350)))


def test_a_length_that_only_the_header_claims_is_refused_without_room_for_it() -> None:
    content = flac(np.zeros(9000), claimed=(1 << 36) - 1)
    message = (
        rf"x\.wav: audio must be at most {MOST_SAMPLES} samples, got 'x\.wav' of 68719476735 as its header claims\. "
        r"Divide it, or convert it to one channel of 16000 hertz\."
    )
    tracemalloc.start()
    with pytest.raises(DataError, match=message):
        load(held(content))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_a_length_that_is_a_little_too_great_is_a_truncation() -> None:
    message = r"x\.wav: audio must be whole, got 'x\.wav', truncated: 1000 of 10000 samples are missing\."
    with pytest.raises(DataError, match=message):
        load(held(flac(np.zeros(9000), claimed=10_000)))


def test_flac_of_unknown_length_is_read() -> None:
    x = sounds.tone("low", 1.0)
    np.testing.assert_allclose(load(held(flac(x, claimed=0)))[0], x, **SPECTRUM)


@pytest.mark.parametrize("format", ["WAV", "RF64", "W64", "AIFF", "AU", "CAF", "NIST"])
def test_a_truncated_file_is_refused(format: str) -> None:
    content = encoded(sounds.tone("low"), format=format, subtype="PCM_16")
    with pytest.raises(DataError, match=r"audio must be whole, got 'x\.wav', truncated: 100 bytes are missing\."):
        load(held(content[:-100]))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            1e15,
            r"of samples within -16\.\.16, where 1 is full scale, got 'x\.wav' with 1e\+15 as sample 8\. Divide the",
        ),
        (-17.0, r"of samples within -16\.\.16, where 1 is full scale, got 'x\.wav' with -17 as sample 8\. Divide the"),
        (np.inf, r"of finite samples, got 'x\.wav' with inf as sample 8\. Record it again or leave the row out\."),
        (np.nan, r"of finite samples, got 'x\.wav' with nan as sample 8\. Record it again or leave the row out\."),
    ],
)
def test_samples_far_beyond_full_scale_are_refused(value: float, message: str) -> None:
    x = sounds.tone("low")
    x[7] = value
    with pytest.raises(DataError, match=rf"x\.wav: audio must be {message}"):
        load(held(encoded(x, format="WAV", subtype="FLOAT")))


def test_samples_a_little_beyond_full_scale_are_read() -> None:
    x = np.full(100, 2.5, np.float32)
    np.testing.assert_array_equal(load(held(encoded(x, format="WAV", subtype="FLOAT")))[0], x)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\0\0\0\x20ftypM4A \0\0\0\0", r"MP4 \(M4A, AAC\), which cannot be read"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01webm", "WebM or Matroska, which cannot be read"),
        (b"#!AMR\n\x3c\x91", "AMR, which cannot be read"),
        (b"<!DOCTYPE html><html>", "a web page, which cannot be read"),
        (b"version https://git-lfs.github.com/spec/v1\n", "the pointer of a file in Git LFS, without the file"),
        (b"", "an empty file, which cannot be read"),
        (b"RIFF", "Format not recognised"),
    ],
)
def test_what_a_file_is_instead_is_said(content: bytes, kind: str) -> None:
    message = (
        rf"x\.wav: audio must be WAV, FLAC, OGG or MP3 that can be decoded, got 'x\.wav': {kind}.*Convert it to WAV"
    )
    with pytest.raises(DataError, match=message):
        header(held(content))


def test_names_of_any_length_are_refused_by_name() -> None:
    name = "a" * 300 + "/" + "b" * 300 + ".wav"
    with pytest.raises(DataError, match=r"audio must be a file that exists, got 'a{100}\.\.\.b{76}\.wav'"):
        load(Recording(name, "m.csv:2"))
    with pytest.raises(DataError, match="audio must be a file that exists"):
        load(Recording("a\0.wav", "m.csv:2"))


def corpus() -> list[bytes]:
    x = sounds.tone("low")
    both = np.stack([x, -x], axis=1)
    kinds = [("WAV", "PCM_16"), ("WAV", "GSM610"), ("WAV", "MS_ADPCM"), ("WAV", "FLOAT"), ("RF64", "PCM_24")]
    kinds += [("W64", "ULAW"), ("AIFF", "PCM_16"), ("AU", "G723_24"), ("CAF", "ALAC_16"), ("NIST", "PCM_16")]
    kinds += [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("VOC", "PCM_16"), ("SDS", "PCM_16")]
    mono = [encoded(x, format=format, subtype=subtype) for format, subtype in kinds]
    return [*mono, *(encoded(both, format=format) for format in ("WAV", "FLAC", "MP3"))]


def mutated(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 5))):
        at = draw.randrange(max(min(len(changed), draw.choice((120, 10**6))), 1))
        size = draw.choice((0, 0, 0, 1, 2, 4, 8))
        if size:
            number = draw.choice((0, 1, 255, 0x7FFF, 0x7FFFFFFF, 0xFFFFFFFF, 10**9, 2**64 - 1)) % (1 << 8 * size)
            changed[at : at + size] = number.to_bytes(size, draw.choice(("little", "big")))
        elif draw.random() < 0.2:
            del changed[at:]
        else:
            changed[at : at + 1] = bytes([draw.randrange(256)])
    return bytes(changed)


def outcome(content: bytes) -> bool:
    """Return whether the bytes are read; what is neither that nor an error of ours ends the test."""
    with suppress(BigruError):
        return bool(np.isfinite(load(held(content))[0]).all())
    return False


def test_damaged_bytes_are_read_or_refused_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    draw, kinds = random.Random(0), corpus()
    outcomes = [outcome(mutated(draw.choice(kinds), draw)) for _ in range(MUTATIONS)]
    assert 0.1 < np.mean(outcomes) < 0.9
    assert capfd.readouterr() == ("", "")
