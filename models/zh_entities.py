"""Make the shipped model zh-entities: `pip install jieba==0.42.1`, then `python models/zh_entities.py [OUT]`.

The weights are Baidu's LAC-small, converted and rounded to 8 bits: the same bits on every machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shipping import SHIPPED, ship

from bigru.convert import lac

__all__ = ["main"]

FIRST = (
    "Cuts Chinese text into words, tags their parts of speech, and finds persons, places, organisations and times: "
    "Baidu's LAC-small."
)

LABELS = {
    "PER": "person, 人名",
    "LOC": "place, 地名",
    "ORG": "organisation, 机构名",
    "TIME": "time, 时间",
    "n": "noun, 普通名词",
    "f": "noun of direction, 方位名词",
    "s": "noun of place, 处所名词",
    "t": "noun of time, 时间名词",
    "nr": "name of a person, 人名",
    "ns": "name of a place, 地名",
    "nt": "name of an organisation, 机构名",
    "nw": "title of a work, 作品名",
    "nz": "other proper name, 其他专名",
    "v": "verb, 普通动词",
    "vd": "verb used as adverb, 动副词",
    "vn": "verb used as noun, 名动词",
    "a": "adjective, 形容词",
    "ad": "adjective used as adverb, 副形词",
    "an": "adjective used as noun, 名形词",
    "d": "adverb, 副词",
    "m": "number, 数量词",
    "q": "measure word, 量词",
    "r": "pronoun, 代词",
    "p": "preposition, 介词",
    "c": "conjunction, 连词",
    "u": "particle, 助词",
    "xc": "other function word, 其他虚词",
    "w": "punctuation, 标点符号",
}

ABOUT = """{origin}

The matrices were rounded to 8 bits (`bigru.bundle.quantized`). What that changes on sentences of news stands in
`benchmarks/results/quantized.json`: 1 tag in 319, and the entities of 1 sentence in 132.

### Labels
A tag is `B-` or `I-` and a label: the first character of a word, or a later one. What the four labels in capitals mark
is reported as entities; the tags of all characters are the words and their parts of speech.

| label | meaning |
|---|---|
{labels}"""


def main(out: Path = SHIPPED) -> Path:
    """Write the folder below `out` and return it."""
    made = lac.read()
    found = {tag.split("-", 1)[1] for tag in made.config.labels if "-" in tag}
    labels = "\n".join(f"| `{label}` | {LABELS[label]} |" for label in LABELS if label in found)
    assert found <= LABELS.keys(), found - LABELS.keys()
    about = ABOUT.format(origin=made.card.strip(), labels=labels)
    return ship(made, "zh-entities", "apache-2.0", FIRST, about, out)


if __name__ == "__main__":
    print(main(*map(Path, sys.argv[1:2])))
