"""Baidu's LAC-small, out of an installed `jieba` package into a saved model.

Two bidirectional GRU layers of 128 units and a CRF over 57 tags: Chinese words, their parts of speech,
and persons, places, organisations and times. The weights are Baidu's, under Apache-2.0.

Paddle's `dynamic_gru` computes, with gates u, r, c and its origin_mode off,

    h' = (1 - u) h + u c,    c = tanh(x_c + (r h) C)

which is equations (3') and (4) of docs/math/gru.md with z = 1 - u; since 1 - sigmoid(a) = sigmoid(-a), the weights
of the update gate change their sign. The recurrent weight is one array in which [H, 2H] for u and r comes before
[H, H] for c. A CRF of Paddle's holds the start scores in row 0, the end scores in row 1 and the transitions below.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..bundle import Bundle
from ..config import ChannelConfig, EncoderConfig, ModelConfig
from ..errors import BundleError, MissingExtraError, sentence
from ..features.text import TextFeatures
from ..layout import GATES, SUFFIX, reorder_gates
from ..tasks import tag
from .paddle import read_array

__all__ = ["ENTITIES", "find_installed", "read"]

ENTITIES = ("PER", "LOC", "ORG", "TIME")
"""The labels that name an entity; all others are words with their parts of speech."""

JIEBA = "0.42.1"
LAYERS, HIDDEN, TAGS = 2, 128, 57
UNKNOWN = "OOV"
LARGEST_DICTIONARY = 1 << 20

CARD = f"""The weights are those of LAC-small (Lexical Analysis of Chinese, Jiao et al. 2018, arXiv:1807.01882), trained
by Baidu on text of its own and shipped in the Python package jieba {JIEBA}. Licence of the weights: Apache-2.0,
copyright PaddlePaddle Authors. They were converted (the update gate changed its sign, rows of the embedding
that no character reaches were left out), not trained again.

The model cuts Chinese text into words, gives each its part of speech, and finds persons (PER), places (LOC),
organisations (ORG) and times (TIME), which it reports as entities. Its embedding knows half-width signs and small
letters, so full-width signs and capitals are mapped to them. Unlike the original, it never gives a tag sequence that
is illegal in BIO.
"""


def _replacements() -> dict[str, str]:
    """Return what the network reads in place of signs that its training text did not hold.

    The dictionary lists full-width signs and Chinese punctuation too, but their vectors kept the size of their
    random start (norm 0.65 against 20 for others): the training text had been mapped to half width.
    """
    full = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    marks = dict(zip("。、“”〝〞‘’—‐…∶‖　", '.,""""\'\'--.:| ', strict=True))
    brackets = dict(zip("〈〉「」『』〔〕【】〖〗", '<>""""()[][]', strict=True))
    return full | marks | brackets


def find_installed() -> Path:
    """Return the folder of LAC-small in the installed jieba, without importing it.

    Raises:
        MissingExtraError: jieba is not installed.
        BundleError: another version is installed, which may hold other weights.
    """
    try:
        found = version("jieba")
    except PackageNotFoundError:
        raise MissingExtraError(f"jieba=={JIEBA}", "demo", "importing LAC") from None
    spec = find_spec("jieba")
    if found != JIEBA or spec is None or spec.origin is None:
        remedy = f"Install it with: pip install jieba=={JIEBA}."
        raise BundleError(sentence("import lac", "jieba", f"version {JIEBA}", found, remedy))
    return Path(spec.origin).parent / "lac_small"


def read(folder: Path | None = None) -> Bundle:
    """Read LAC-small.

    Args:
        folder: where `word.dic`, `tag.dic` and `model_baseline` lie; None finds them in jieba.

    Returns:
        The model, ready to be saved or run.

    Raises:
        MissingExtraError: jieba is not installed.
        BundleError: a file is missing, damaged, or not of the expected shape.
    """
    folder = find_installed() if folder is None else folder
    words, tags = _dictionary(folder / "word.dic"), _dictionary(folder / "tag.dic")
    if UNKNOWN not in words or len(tags) != TAGS:
        want, got = f"{UNKNOWN} among the words and {TAGS} tags", f"{len(words)} words and {len(tags)} tags"
        raise BundleError(sentence(str(folder), "dictionaries", want, got))
    known = {word: row for word, row in words.items() if len(word) == 1}
    rows = [words[UNKNOWN], *known.values()]
    arrays = folder / "model_baseline"
    embedding = read_array(arrays / "word_emb", (max(words.values()) + 1, HIDDEN))[rows]
    weights = {"embedding.0.weight": embedding, **_encoder(arrays), **_head(arrays)}

    channel = ChannelConfig("unit", len(rows), HIDDEN)
    features = TextFeatures("char", tuple(known), (channel,), lowercase=True, replace=_replacements())
    encoder = EncoderConfig(
        hidden=HIDDEN, layers=LAYERS, reset_after=False, dropout=0.0, input_dropout=0.0, embedding_dropout=0.0
    )
    model = ModelConfig(TAGS, channels=(channel,), encoder=encoder, crf=True)
    # "ORG-B" becomes "B-ORG"; "O" stays.
    labels = tuple("-".join(reversed(name.split("-"))) for name in tags)
    config = tag.Config(labels, features, scheme="BIO", crf=True, entity_labels=ENTITIES)
    return Bundle("tag", model, config, weights, card=CARD)


def _dictionary(path: Path) -> dict[str, int]:
    """Return a file of `number<TAB>entry` lines as {entry: number}; the numbers rise, with gaps."""
    try:
        if path.stat().st_size > LARGEST_DICTIONARY:
            raise BundleError(sentence(str(path), "file", f"at most {LARGEST_DICTIONARY} bytes", path.stat().st_size))
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except OSError as error:
        raise BundleError(sentence(str(path), "file", "readable", error.strerror)) from None
    except UnicodeDecodeError as error:
        raise BundleError(sentence(str(path), "file", "UTF-8", f"byte {error.start} that is none")) from None
    entries: dict[str, int] = {}
    last = -1
    for n, line in enumerate(lines, 1):
        number, _, entry = line.partition("\t")
        fits = number.isdecimal() and len(number) < 9 and int(number) > last
        if not fits or not entry or entry in entries:
            want = f"a number above {last}, a tab and a new entry"
            raise BundleError(sentence(f"{path}:{n}", "line", want, repr(line)[:80]))
        entries[entry] = last = int(number)
    return entries


def _encoder(arrays: Path) -> dict[str, np.ndarray]:
    """Return the GRU weights under our names; Paddle numbers the four walks, forward before backward."""
    weights = {}
    for layer in range(LAYERS):
        for side, walk in enumerate(("forward", "backward")):
            n, inputs = LAYERS * layer + side, HIDDEN * (2 if layer else 1)
            parts = {
                "weight_ih": read_array(arrays / f"fc_{n}.w_0", (inputs, 3 * HIDDEN)).T,
                "weight_hh": _recurrent(read_array(arrays / f"gru_{n}.w_0", (HIDDEN, 3 * HIDDEN))),
                "bias_ih": read_array(arrays / f"fc_{n}.b_0", (3 * HIDDEN,)),
                "bias_hh": read_array(arrays / f"gru_{n}.b_0", (1, 3 * HIDDEN))[0],
            }
            for kind, part in parts.items():
                weights[f"encoder.layers.{layer}.{kind}_l0{SUFFIX[walk]}"] = _gates(part)
    return weights


def _recurrent(weight: np.ndarray) -> np.ndarray:
    """Return Paddle's recurrent weight as [3H, H], gates u, r, c."""
    both, candidate = np.split(weight.ravel(), [2 * HIDDEN * HIDDEN])
    return np.concatenate([both.reshape(HIDDEN, 2 * HIDDEN).T, candidate.reshape(HIDDEN, HIDDEN).T])


def _gates(weight: np.ndarray) -> np.ndarray:
    """Restack the gates u, r, c of [3H, ...] in our order, with z = 1 - u."""
    u, r, c = np.split(weight, 3)
    return np.ascontiguousarray(reorder_gates(np.concatenate([-u, r, c]), ("z", "r", "n"), GATES))


def _head(arrays: Path) -> dict[str, np.ndarray]:
    crf = read_array(arrays / "crfw", (TAGS + 2, TAGS))
    return {
        "head.weight": np.ascontiguousarray(read_array(arrays / "fc_4.w_0", (2 * HIDDEN, TAGS)).T),
        "head.bias": read_array(arrays / "fc_4.b_0", (TAGS,)),
        "crf.transitions": crf[2:].copy(),
        "crf.start": crf[0].copy(),
        "crf.end": crf[1].copy(),
    }
