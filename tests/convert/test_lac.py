"""LAC-small: the converted model computes what Paddle's equations say, and finds what it was trained to find."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bigru.bundle import Bundle
from bigru.convert import lac
from bigru.errors import BundleError, MissingExtraError
from bigru.ops.crf.weights import CrfWeights
from bigru.runtime.network.sequence import Network
from bigru.tasks import tag
from decided import answers
from tolerances import FLOAT32

H = 128
INTRODUCTION = "苹果公司在加利福尼亚州发布了新款 iPhone。"


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return lac.read()


def raw(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the values at the end of one of Paddle's files."""
    data = (lac.find_installed() / "model_baseline" / name).read_bytes()
    return np.frombuffer(data[len(data) - 4 * int(np.prod(shape)) :], "<f4").reshape(shape).astype(np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def dynamic_gru(x: np.ndarray, n: int, reverse: bool) -> np.ndarray:
    """Compute Paddle's projection and `dynamic_gru` number n over x [T, I], as its documentation writes them."""
    gates = x @ raw(f"fc_{n}.w_0", (x.shape[1], 3 * H)) + raw(f"fc_{n}.b_0", (3 * H,)) + raw(f"gru_{n}.b_0", (3 * H,))
    weight = raw(f"gru_{n}.w_0", (3 * H * H,))
    U, C = weight[: 2 * H * H].reshape(H, 2 * H), weight[2 * H * H :].reshape(H, H)
    h, states = np.zeros(H), np.zeros((len(x), H))
    for t in reversed(range(len(x))) if reverse else range(len(x)):
        u, r = np.split(sigmoid(gates[t, : 2 * H] + h @ U), 2)
        c = np.tanh(gates[t, 2 * H :] + (r * h) @ C)
        h = states[t] = (1 - u) * h + u * c
    return states


def emissions(ids: list[int]) -> np.ndarray:
    """Compute LAC's emissions [T, 57] from ids of its own dictionary."""
    x = raw("word_emb", (20941, H))[ids]
    for layer in (0, 2):
        x = np.concatenate([dynamic_gru(x, layer, False), dynamic_gru(x, layer + 1, True)], axis=1)
    return x @ raw("fc_4.w_0", (2 * H, 57)) + raw("fc_4.b_0", (57,))


def answer(bundle: Bundle, text: str) -> dict:
    features = tag.featurise(bundle.config, [text])
    logits = Network(bundle.model, bundle.weights)(features[0][None], np.array([len(text)]))
    crf = CrfWeights(*(bundle.weights[f"crf.{name}"] for name in ("transitions", "start", "end")))
    return answers(tag, bundle.config, list(logits), crf, [text])[0]


def test_the_model_computes_paddles_equations(bundle: Bundle) -> None:
    lines = (lac.find_installed() / "word.dic").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    words = {entry: int(number) for number, entry in (line.split("\t") for line in lines)}
    ids = [words.get(c, words["OOV"]) for c in "苹果公司在加利福尼亚州发布了新款 iphone."]
    features = tag.featurise(bundle.config, [INTRODUCTION])
    logits = Network(bundle.model, bundle.weights)(features[0][None], np.array([len(ids)]))[0]
    np.testing.assert_allclose(logits, emissions(ids), **FLOAT32)


def test_paddles_crf_rows_are_start_end_and_transitions(bundle: Bundle) -> None:
    rows = raw("crfw", (59, 57))
    for n, name in enumerate(("start", "end")):
        np.testing.assert_array_equal(bundle.weights[f"crf.{name}"], rows[n])
    np.testing.assert_array_equal(bundle.weights["crf.transitions"], rows[2:])


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        (INTRODUCTION, "苹果公司/ORG 加利福尼亚州/LOC"),
        ("习近平在北京大学发表讲话。", "习近平/PER 北京大学/ORG"),
        ("2008年8月8日，李娜在北京参加奥运会开幕式。", "2008年8月8日/TIME 李娜/PER 北京/LOC"),
        ("马云和马化腾都参加了在杭州举行的会议。", "马云/PER 马化腾/PER 杭州/LOC"),
        ("请联系张伟（上海分公司）！", "张伟/PER 上海分公司/ORG"),
    ],
)
def test_entities_are_found(bundle: Bundle, text: str, entities: str) -> None:
    found = answer(bundle, text)["entities"]
    assert " ".join(f"{entity['text']}/{entity['label']}" for entity in found) == entities
    assert all(text[entity["start"] : entity["end"]] == entity["text"] for entity in found)
    assert all(entity["confidence"] > 0.5 for entity in found)


def test_full_width_signs_and_capitals_are_read_as_the_training_text_was(bundle: Bundle) -> None:
    features = bundle.config.features
    plain, full = 'ab,12."x"', "ＡＢ，１２。“Ｘ”"
    np.testing.assert_array_equal(features.features(full), features.features(plain))
    assert (features.features(plain) > 0).all()
    assert answer(bundle, "他说：“好！”")["tags"] == ["B-r", "B-v", "B-w", "B-w", "B-a", "B-w", "B-w"]


def test_an_unknown_character_takes_the_unknowns_vector(bundle: Bundle) -> None:
    np.testing.assert_array_equal(bundle.config.features.features("\U0001f600"), [[0]])
    np.testing.assert_array_equal(bundle.weights["embedding.0.weight"][0], raw("word_emb", (20941, H))[20940])


def test_tags_and_card(bundle: Bundle) -> None:
    labels = bundle.config.labels
    assert (len(labels), labels[0], labels[-1]) == (57, "B-a", "O")
    assert {"B-PER", "I-ORG", "B-TIME"} <= set(labels)
    assert bundle.config.entity_labels == ("PER", "LOC", "ORG", "TIME")
    assert "Apache-2.0" in bundle.card
    assert "Baidu" in bundle.card


def test_another_version_of_jieba_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lac, "version", lambda name: "0.43")
    with pytest.raises(BundleError, match=r"jieba must be version 0.42.1, got 0.43. Install it with: pip"):
        lac.read()


def test_a_missing_jieba_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise lac.PackageNotFoundError

    monkeypatch.setattr(lac, "version", missing)
    with pytest.raises(MissingExtraError, match=r"needs the package jieba==0.42.1.*bigru\[demo\]"):
        lac.read()


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("word.dic", lambda rows: [*rows[:2], "2 i", *rows[3:]], r"word.dic:3: line must be a number above 1, a tab"),
        ("word.dic", lambda rows: [*rows, "20941\ta"], r"word.dic:20941: line must be .* new entry"),
        ("word.dic", lambda rows: ["9" * 5000 + "\tx", *rows], r"word.dic:1: line must be a number above -1"),
        ("word.dic", lambda rows: [row for row in rows if "OOV" not in row], r"must be OOV among the words and 57"),
        ("word.dic", lambda rows: [*rows, "20945\tnew"], r"word_emb: array must be float32 \[20946, 128\]"),
        ("word.dic", lambda rows: rows * 6, r"word.dic: file must be at most 1048576 bytes"),
        ("tag.dic", lambda rows: rows[:-1], r"57 tags, got 20940 words and 56 tags"),
        ("tag.dic", lambda rows: ["\udcff"], r"tag.dic: file must be UTF-8, got byte 0 that is none"),
    ],
)
def test_damaged_dictionaries_are_refused(
    tmp_path: Path, name: str, spoil: Callable[[list[str]], list[str]], message: str
) -> None:
    for path in lac.find_installed().iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / name).unlink()
    rows = spoil(lines(lac.find_installed() / name))
    (tmp_path / name).write_text("\n".join(rows) + "\n", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BundleError, match=message) as error:
        lac.read(tmp_path)
    assert "\n" not in str(error.value)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"word.dic: file must be readable, got No such file or directory"):
        lac.read(tmp_path / "nowhere")
