"""Words, names and columns that the tables of `grammar.py` are made of: what people write, and what exports add."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from random import Random

__all__ = ["JUNK", "LABELS", "LABEL_NAMES", "TEXT_NAMES", "junk", "name_of", "one_label", "text"]


def _split(words: str) -> list[str]:
    return words.split()


ENGLISH = _split(
    "the a this that of and with for not very room film phone service staff delivery price food was is were had "
    "I we they it great bad slow friendly broken late clean cold again never always really quite battery screen "
    "camera plot actor hotel breakfast order package refund shop table waiter music night day two three days later "
    "would recommend anyone looking but because after before "
    "they told me that nothing works as described"  # prose: data
)
GERMAN = _split(
    "der die das ein eine und mit für nicht sehr Zimmer Film Handy Lieferung Preis Essen war ist wurde hatte ich wir "
    "sie es großartig schlecht langsam freundlich kaputt spät sauber kalt wieder nie immer wirklich ziemlich Akku "
    "Bildschirm Hotel Frühstück Bestellung Paket Laden würde empfehlen aber weil nachdem nichts über schön täglich"
)
CHINESE = _split(
    "这个 手机 的 电池 很 好 不 错 我 在 店里 买 了 一 次 服务 态度 非常 差 房间 干净 早餐 一般 是 有 点 贵 但是 质量 "
    "可以 下次 还会 再来 快递 太 慢 客服 没有 回复 电影 情节 无聊 演员 表演 值得 推荐 给 大家 他们 都 说 就 用 两天"
)
TRADITIONAL = _split(
    "這個 手機 的 電池 很 好 不 錯 我 在 店裡 買 了 一 次 服務 態度 非常 差 房間 乾淨 早餐 一般 是 有 點 貴 但是 品質 "
    "可以 下次 還會 再來 快遞 太 慢 客服 沒有 回覆 電影 情節 無聊 演員 表演 值得 推薦 給 大家 他們 都 說 就 用 兩天"
)
WORDS = {"en": ENGLISH, "de": GERMAN, "zh": CHINESE, "tw": TRADITIONAL}
LENGTHS = {"title": (3, 8), "sentence": (6, 20), "review": (30, 120), "query": (2, 5)}

TEXT_NAMES = {
    "known": {
        "en": ("text", "review", "content", "sentence", "comment", "Text", "message", "tweet", "Review Text"),
        "more": ("tweet_text", "reviewText", "review_body", "comment_text", "Message Body", "headline", "utterance"),
        "zh": ("评论", "内容", "文本", "评论内容", "text"),
        "de": ("Text", "Kommentar", "Nachricht", "Bewertungstext", "text", "Beschreibung"),
        "tw": ("text", "內容", "評論"),
    },
    "unknown": {
        "en": ("opinion", "remarks", "What did you like about it?", "wording", "q7", "claim", "v2"),
        "zh": ("话语", "详情", "说法"),
        "de": ("Aussage", "Grund", "Was hat Ihnen gefallen?"),
        "tw": ("說法", "詳情"),
    },
}
LABEL_NAMES = {
    "known": {
        "en": ("label", "class", "sentiment", "category", "target", "Label", "Class", "polarity", "intent"),
        "more": ("airline_sentiment", "sentimentLabel", "Sentiment Class", "label_id", "product_category", "topic"),
        "zh": ("标签", "类别", "情感", "情感倾向", "label"),
        "de": ("label", "Klasse", "Kategorie", "Sentiment", "Stimmung"),
        "tw": ("label", "類別", "標籤"),
    },
    "unknown": {
        "en": (
            "verdict",
            "outcome",
            "grp",
            "What best describes your overall experience with us so far?",
            "code",
            "v1",
        ),
        "zh": ("档次", "归属"),
        "de": ("Urteil", "Einstufung", "Zuordnung"),
        "tw": ("結論", "歸屬"),
    },
}
LABELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("neg", "pos"), ("0", "1"), ("0", "4"), ("1", "2", "3", "4"), ("ham", "spam"), ("yes", "no"),
        ("positive", "negative", "neutral"), ("True", "False"), ("1", "2", "3", "4", "5"), ("-1", "0", "1"),
        ("World", "Sports", "Business", "Sci/Tech"), tuple(f"topic_{n}" for n in range(20)),
        tuple(f"card_{a}_{b}" for a in ("lost", "late", "new", "blocked") for b in ("arrival", "payment", "pin")),
        ("Credit reporting, credit repair services", "Debt collection", "Mortgage", "Student loan"),
    ),
    "de": (("positiv", "negativ"), ("Lob", "Beschwerde", "Frage"), ("0", "1"), ("gut", "schlecht", "mäßig")),
    "zh": (("正面", "负面"), ("0", "1"), ("体育", "财经", "娱乐", "科技"), ("好评", "中评", "差评")),
    "tw": (("正面", "負面"), ("0", "1")),
}  # fmt: skip


def text(random: Random, language: str, style: str) -> str:
    """Return a text of a language ("en", "de", "zh", "tw") and style (a key of `LENGTHS`)."""
    low, high = LENGTHS[style]
    words = [random.choice(WORDS[language]) for _ in range(random.randint(low, high))]
    if language in ("zh", "tw"):
        for n in range(4, len(words), 7):
            words[n] += "，"
        return "".join(words) + ("。" if style != "query" else "")
    for n in range(6, len(words), 9):
        words[n] += random.choice((",", ".", ",", "!", ' "really"', "; so", ":"))
    shown = " ".join(words)
    if style in ("review", "sentence"):
        shown = shown[0].upper() + shown[1:] + random.choice((".", "!", "...", " :)", " http://t.co/x1", " #fail"))
    return shown


def name_of(random: Random, names: dict[str, dict[str, tuple[str, ...]]], known: bool, language: str) -> str:
    """Return a name of a column, one of those that are widely used or one of the others."""
    of = names["known" if known else "unknown"]
    pool = of[language]
    if known and language == "en" and random.random() < 0.4:
        pool = of["more"]
    return random.choice(pool)


def one_label(random: Random, classes: tuple[str, ...], skew: float) -> str:
    """Return a class; with a skew of 1 the first is twice as frequent as the second, and so on."""
    weights = [1.0 / (1 + n) ** skew for n in range(len(classes))]
    return random.choices(classes, weights)[0]


def _dates(random: Random, rows: int) -> list[str]:
    first = datetime.datetime(2016, 7, 1, 8, 30)
    style = random.choice(("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%Y-%m-%dT%H:%M:%SZ"))
    return [(first + datetime.timedelta(minutes=random.randrange(400_000))).strftime(style) for _ in range(rows)]


def _cells(make: Callable[[Random], str]) -> Callable[[Random, int], list[str]]:
    return lambda random, rows: [make(random) for _ in range(rows)]


def _user(random: Random) -> str:
    return random.choice(("anna", "bob", "chen", "li", "maria", "tom")) + str(random.randrange(10_000))


JUNK: dict[str, tuple[tuple[str, ...], Callable[[Random, int], list[str]]]] = {
    "counter": (("id", "Id", "idx", "index", "Unnamed: 0", ""), lambda _, rows: [str(n) for n in range(rows)]),
    "counter from 1": (("id", "No.", "ID", "序号", "Nr."), lambda _, rows: [str(n + 1) for n in range(rows)]),
    "numbers as ids": (("id", "tweet_id", "review_id"), _cells(lambda r: str(r.randrange(10**11, 10**12)))),
    "keys": (("uuid", "id", "ReviewId"), _cells(lambda r: uuid.UUID(int=r.getrandbits(128)).hex)),
    "constant": (
        ("query", "source", "lang", "flag"),
        lambda r, rows: [r.choice(("NO_QUERY", "en", "1.0", "x"))] * rows,
    ),
    "empty": (("notes", "coord", "Unnamed: 5", "gold"), lambda _, rows: [""] * rows),
    "dates": (("date", "created_at", "Zeit", "日期", "posted"), _dates),
    "addresses": (("url", "link"), _cells(lambda r: f"https://example.org/item/{r.randrange(10**6)}?ref={_user(r)}")),
    "users": (("user", "username", "author", "UserName"), _cells(_user)),
    "measurements": (("confidence", "score_raw", "price"), _cells(lambda r: f"{r.random():.4f}")),
    "counts": (("likes", "retweet_count", "helpful_votes"), _cells(lambda r: str(int(r.expovariate(0.2))))),
    "language": (("lang", "language"), _cells(lambda r: r.choice(("en", "de", "fr")))),
    "split": (("split",), _cells(lambda r: r.choice(("train", "train", "train", "test", "dev")))),
    "country": (("country", "location"), _cells(lambda r: r.choice(("Germany", "China", "Spain", "USA", "Peru")))),
}
"""Columns that nobody means: names that such a column has, and its cells."""

CERTAIN = ("counter", "counter from 1", "numbers as ids", "keys", "constant", "empty", "dates", "addresses")


def junk(random: Random, rows: int, taken: list[str], certain: bool) -> list[tuple[str, list[str]]]:
    """Return up to three columns that nobody means, with names unlike those taken.

    Args:
        random: the source.
        rows: cells of a column.
        taken: the names of the columns that are meant.
        certain: whether only such columns come that cannot be labels (counters, keys, constants, dates, ...).
    """
    kinds = random.sample(CERTAIN if certain else sorted(JUNK), random.choice((0, 0, 1, 1, 2, 3)))
    found = []
    used = {name.casefold() for name in taken}
    for kind in kinds:
        names, make = JUNK[kind]
        free = [name for name in names if name.casefold() not in used]
        if free:
            name = random.choice(free)
            used.add(name.casefold())
            found.append((name, make(random, rows)))
    return found
