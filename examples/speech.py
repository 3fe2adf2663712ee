"""Write down melodies: what CTC learns from recordings and their transcripts, without knowing which sound is where.

Real recordings work the same way: paths of WAV, FLAC, OGG or MP3 files instead of the pairs below.
"""

from __future__ import annotations

import numpy as np

from bigru import BiGRUTranscriber

RATE = 8000
NOTES = {"do": 262.0, "re": 294.0, "mi": 330.0, "fa": 349.0, "sol": 392.0, "la": 440.0}


def melody(random: np.random.Generator) -> tuple[tuple[np.ndarray, int], str]:
    """Return a recording, (samples, rate), of 3 to 6 notes and their names."""
    names = [str(name) for name in random.choice(list(NOTES), random.integers(3, 7))]
    parts = []
    for name in names:
        times = np.arange(int(RATE * random.uniform(0.12, 0.3))) / RATE
        tones = [np.sin(2 * np.pi * k * NOTES[name] * times) / k for k in (1, 2, 3)]
        parts += [sum(tones) * np.exp(-4 * times), np.zeros(int(RATE * random.uniform(0.03, 0.1)))]
    samples = np.concatenate(parts)
    return (0.2 * samples + 0.01 * random.standard_normal(len(samples)), RATE), " ".join(names)


def main() -> None:
    """Train on melodies, score on others, and show one of them with its times."""
    random = np.random.default_rng(0)
    recordings, transcripts = zip(*(melody(random) for _ in range(600)), strict=True)
    fresh, expected = zip(*(melody(random) for _ in range(100)), strict=True)

    model = BiGRUTranscriber(hidden=64, layers=1, epochs=12, speed=0.0, learning_rate=5e-3, verbose=1)
    model.fit(list(recordings), list(transcripts))

    print(f"symbols right: {model.score(list(fresh), list(expected)):.4f}")
    answer = model.transcribe(fresh[:1])[0]
    print(f"said: {expected[0]}\nheard: {answer['text']} (confidence {answer['confidence']:.2f})")
    for note in answer["symbols"]:
        print(f"  {note['symbol']:>4} at {note['start']:.2f} s, confidence {note['confidence']:.2f}")


if __name__ == "__main__":
    main()
