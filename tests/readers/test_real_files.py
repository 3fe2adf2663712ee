"""Files as people have them: the layouts of well-known data sets and of exports, each read as it is meant or asked about."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.layouts.verdict import choose
from bigru.readers.reader import load, read
from bigru.readers.reading import Reading
from bigru.readers.table import Table

WORDS = "the film was a great and slow story with very good actors but I did not like its end at all really".split()
CHINESE = "这个手机的电池很好不错我在店里买了一次服务态度非常差房间干净早餐一般是有点贵但是质量可以"


def prose(n: int, least: int = 6, most: int = 18) -> str:
    source = random.Random(n)
    return " ".join(source.choice(WORDS) for _ in range(source.randint(least, most))).capitalize() + "."


def chinese(n: int) -> str:
    source = random.Random(n)
    return "".join(source.choice(CHINESE) for _ in range(source.randint(8, 25)))


def wave(n: int, step: float = 0.0) -> str:
    return f"{math.sin(n / 3 + step) * 4 + random.Random(n).gauss(0, 0.2):.4f}"


def pick(values: str) -> Callable[[int], str]:
    several = values.split()
    return lambda n: random.Random(n * 7 + 1).choice(several)


def table(header: str | None, *columns: Callable[[int], object], rows: int = 60, separator: str = ",") -> str:
    def cell(value: object) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if separator in text or '"' in text else text

    lines = [separator.join(cell(make(n)) for make in columns) for n in range(rows)]
    return "\n".join([header] * (header is not None) + lines) + "\n"


def number(n: int) -> int:
    return n


def at(n: int) -> str:
    return f"2016-{1 + n // 28 % 12:02}-{1 + n % 28:02}"


def key(n: int) -> str:
    return f"{random.Random(n).getrandbits(64):016x}"


TEXTS = {
    "amazon reviews": (
        table(
            "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,Score,Time,Summary,Text",
            lambda n: n + 1, lambda n: f"B00{n % 9}E4KFG0", lambda n: f"A3SGXH7A{n}", lambda n: f"user {n % 40}", pick("0 1 2"),
            pick("0 1 2 3"), pick("1 2 3 4 5"), lambda n: 1303862400 + 86400 * n, lambda n: prose(n, 2, 5), prose,
        ),
        "Text", "Score",
    ),
    "amazon json columns": (
        table(
            "reviewerID,asin,reviewText,overall,summary,unixReviewTime",
            key, pick("B001 B002 B003"), prose, pick("5.0 4.0 1.0"), lambda n: prose(n + 1, 2, 5), lambda n: 1252800000 + n,
        ),
        "reviewText", "overall",
    ),
    "imdb": (table("review,sentiment", lambda n: prose(n, 30, 90), pick("positive negative")), "review", "sentiment"),
    "ag news": (
        table("Class Index,Title,Description", pick("1 2 3 4"), lambda n: prose(n, 4, 7), lambda n: prose(n, 20, 30)),
        "Description", "Class Index",
    ),
    "sms spam": (
        "v1,v2,,,\n" + table(None, pick("ham ham spam"), prose, *[lambda n: ""] * 3),
        "v2", "v1",
    ),
    "sentiment140": (
        table(
            None, pick("0 4"), lambda n: 1467810369 + 13 * n, lambda n: f"Mon Apr 06 22:{n % 60:02}:45 PDT 2009",
            lambda n: "NO_QUERY", lambda n: f"user_{n}", prose,
        ),
        "6", "1",
    ),
    "airline tweets": (
        table(
            "tweet_id,airline_sentiment,airline_sentiment_confidence,negativereason,airline,airline_sentiment_gold,name,"
            "retweet_count,text,tweet_coord,tweet_created",
            lambda n: 570306133677760513 + n, pick("neutral positive negative"), pick("1.0 0.3486 0.6837"),
            lambda n: "" if n % 2 else "Late Flight", pick("United Delta"), lambda n: "", lambda n: f"jnar{n}", lambda n: 0,
            prose, lambda n: "", at,
        ),
        "text", "airline_sentiment",
    ),
    "trec": ("".join(f"{pick('DESC:manner ENTY:animal HUM:ind')(n)}\t{prose(n, 5, 9)}\n" for n in range(60)), "2", "1"),
    "hf sst2": (table("idx,sentence,label", number, prose, pick("0 1")), "sentence", "label"),
    "hf label_text": (
        table("text,label,label_text", prose, lambda n: n % 3, lambda n: ("sadness", "joy", "anger")[n % 3]),
        "text", "label_text",
    ),
    "pandas index twice": (
        table(",Unnamed: 0,text,label", number, number, prose, pick("pos neg")), "text", "label",
    ),
    "banking77": (table("text,category", prose, pick("card_arrival lost_or_stolen_card top_up_failed")), "text", "category"),
    "20 newsgroups": (
        table(",content,target,target_names", number, prose, lambda n: n % 4,
              lambda n: ("rec.autos", "sci.med", "comp.graphics", "alt.atheism")[n % 4]),
        "content", "target",
    ),
    "chnsenticorp": (table("label,review", pick("0 1"), chinese), "review", "label"),
    "waimai, tabs": (table("标签\t评论", pick("好评 差评"), chinese, separator="\t"), "评论", "标签"),
    "thucnews, no header": (table(None, pick("体育 财经 科技"), chinese, separator="\t"), "2", "1"),
    "german export": (
        table("Nr.;Datum;Kommentar;Bewertung", number, at, prose, pick("gut schlecht"), separator=";"), "Kommentar", "Bewertung",
    ),
    "form with questions": (
        table(
            "Timestamp,How satisfied are you with the course in general?,What could we improve? Please tell us in your words.",
            lambda n: f"2016-07-01 10:{n % 60:02}:00", lambda n: ("Very satisfied", "Not satisfied")[n % 2], prose,
        ),
        "What could we improve? Please tell us in your words.", "How satisfied are you with the course in general?",
    ),
    "disaster tweets": (
        table("id,keyword,location,text,target", number, lambda n: "" if n < 3 else "ablaze", pick("UK USA Birmingham"), prose,
              pick("0 1")),
        "text", "target",
    ),
    "quora insincere": (table("qid,question_text,target", key, prose, pick("0 0 1")), "question_text", "target"),
    "hate speech": (
        table(",count,hate_speech,offensive_language,neither,class,tweet", number, lambda n: 3, pick("0 1 2 3"), pick("0 1 2 3"),
              pick("0 1 2 3"), pick("0 1 2"), prose),
        "tweet", "class",
    ),
    "fake news": (table("id,title,author,text,label", number, lambda n: prose(n, 5, 9), lambda n: f"Ann {n}",
                        lambda n: prose(n, 40, 80), pick("0 1")), "text", "label"),
    "yelp, no header": (table(None, pick("1 2"), lambda n: prose(n, 30, 60)), "2", "1"),
    "consumer complaints": (
        table("Date received,Product,Consumer complaint narrative,Company,State,ZIP code,Complaint ID", at,
              lambda n: ("Mortgage", "Student loan", "Debt collection")[n % 3], prose, pick("A B C D E"), pick("TX CA NY FL"),
              lambda n: 10000 + 37 * n, lambda n: 3184290 + n),
        None, "--label",
    ),
    "question pairs": (
        table("id,qid1,qid2,question1,question2,is_duplicate", number, lambda n: 2 * n + 1, lambda n: 2 * n + 2, prose,
              lambda n: prose(n + 9), pick("0 1")),
        None, "--text",
    ),
    "nli": (table("premise,hypothesis,label", prose, lambda n: prose(n + 1), pick("0 1 2")), None, "--text"),
    "ag news, no header": (
        table(None, pick("1 2 3 4"), lambda n: prose(n, 4, 7), lambda n: prose(n, 20, 30)), None, "--text",
    ),
    "titanic": (
        table("PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked", lambda n: n + 1, pick("0 1"),
              pick("1 2 3"), lambda n: f"Braund, Mr. Owen {key(n)[:5]}", pick("male female"), pick("22 38 26 35 54"), pick("0 1"),
              pick("0 1 2"), lambda n: f"A/5 {21171 + n}", lambda n: f"{7 + n / 7:.4f}", lambda n: "", pick("S C Q")),
        None, "labels may be in .*--label",
    ),
    "tweets without labels": (
        table("user_id,date,tweet_text,likes", lambda n: n % 9, at, prose, lambda n: n * n % 17), None, "--label",
    ),
}  # fmt: skip
"""By name: the file, the columns of texts and labels; None with the option that an error must name."""


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str, tmp_path: Path) -> None:
    content, text, label = TEXTS[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    if text is None:
        with pytest.raises(DataError, match=label):
            read(path)
        return
    found = read(path)
    assert (found.columns("text"), found.columns("label")) == ([text], [label])
    assert (found.kind, found.task, len(found)) == ("text", "classify", 60)


SEVERAL = {
    "toxic comments": (
        table("id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate", key, prose, pick("0 1"), pick("0 0 1"),
              pick("0 1"), lambda n: 0, pick("0 1"), pick("0 0 1")),
        ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"],
    ),
    "stack overflow": (
        table("Id,Title,Tags", number, prose, lambda n: "".join(f"<{tag}>" for tag in pick("python,pandas python java,sql")(n).split(","))),
        ["Tags"],
    ),
    "lists": (table("text,genres", prose, lambda n: str([["a"], ["a", "b"], []][n % 3])), ["genres"]),
    "bars": (table("text,labels", prose, lambda n: ("x", "x|y", "z")[n % 3]), ["labels"]),
    "commas": (
        table("overview,genres", prose, lambda n: ", ".join(itertools.islice(
            random.Random(n).sample(["Drama", "Comedy", "War", "Crime", "Family"], 5), 1 + n % 3))),
        ["genres"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SEVERAL)
def test_texts_with_several_labels(name: str, tmp_path: Path) -> None:
    content, labels = SEVERAL[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    found = read(path)
    assert (found.columns("label"), found.multi_label, len(found)) == (labels, True, 60)
    assert max(len(one) for one in found.targets or []) > 1


def _ecg(n: int) -> str:
    return ",".join([f"{abs(math.sin(n + step / 4)):.18e}" for step in range(30)] + [f"{n % 3:.18e}"])


SERIES = {
    "ecg, label last": ("".join(_ecg(n) + "\n" for n in range(60)), "wide", ["31"]),
    "ucr, label first": (
        "".join("\t".join([str(1 + n % 2), *(wave(step, n) for step in range(40))]) + "\n" for n in range(60)), "wide", ["1"],
    ),
    "numbered columns": (
        table(",".join(["id", *(f"X{n}" for n in range(1, 25)), "y"]), number,
              *[lambda n, step=step: wave(step, n) for step in range(24)], pick("1 2 3 4 5")),
        "wide", ["y"],
    ),
    "pandas columns": (
        table(",".join(["", *map(str, range(24)), "label"]), number,
              *[lambda n, step=step: wave(step, n) for step in range(24)], pick("a b")),
        "wide", ["label"],
    ),
    "har by user": (
        table("user,activity,timestamp,x-axis,y-axis,z-axis", lambda n: n // 20, lambda n: ("Walking", "Jogging")[n // 20 % 2],
              lambda n: 49105962326000 + n, wave, wave, wave),
        "long", ["activity"],
    ),
    "engines": (
        table("engine_id,cycle,s1,s2,fault", lambda n: n // 10 + 1, lambda n: n % 10 + 1, wave, wave, lambda n: n // 10 % 2), "long",
        ["fault"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
def test_series(name: str, tmp_path: Path) -> None:
    content, layout, label = SERIES[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    found, _ = load(path)
    assert isinstance(found, Table)
    assert choose(found, Reading(), True)[0].layout == layout
    result = read(path)
    assert (result.kind, result.columns("label")) == ("series", label)
    assert set(result.targets or []) <= {"0", "1", "2", "3", "4", "5", "a", "b", "Walking", "Jogging"}


REFUSED = {
    "iris": (
        table("sepal_length,sepal_width,petal_length,petal_width,species", *[wave] * 4, pick("setosa virginica")),
        "each row must be known to be series (--layout wide), or steps of series (--id-column COLUMN) or of time",
    ),
    "iris, no header": (table(None, *[wave] * 4, pick("setosa virginica")), "got few columns of numbers: 1, 2, 3, 4"),
    "pima, no header": (
        table(None, pick("6 1 8 0"), pick("148 85 183"), pick("72 66 64"), pick("35 29 0"), pick("0 94 168"), pick("33.6 26.6"),
              pick("0.627 0.351"), pick("50 31 32"), pick("0 1")),
        "each row must be known to be series",
    ),
    "house prices": (
        table("Id,MSSubClass,MSZoning,LotArea,Street,YearBuilt,SalePrice", number, pick("20 60 70"), pick("RL RM"),
              lambda n: 8450 + n * 13, pick("Pave Grvl"), lambda n: 1915 + n, lambda n: 208500 + 17 * n),
        "--layout wide",
    ),
    "stock prices": (
        table("Date,Open,High,Low,Close,Adj Close,Volume", at, *[lambda n: f"{100 + n / 3:.2f}"] * 5, lambda n: 10**6 + n),
        "This looks like a forecast: --task forecast --target Open --target High --target Low --horizon 12 --time-column Date.",
    ),
    "airline passengers": (
        table("Month,Passengers", lambda n: f"{1949 + n // 12}-{n % 12 + 1:02}", lambda n: 112 + n), "--target Passengers",
    ),
    "energy panel": (
        table("timestamp,building,load,temperature", lambda n: at(n % 20), lambda n: f"b{n // 20}", wave, wave), "--task forecast",
    ),
    "m4": (
        table(",".join(f"V{n}" for n in range(1, 30)), lambda n: f"H{n + 1}", *[lambda n: f"{5000 + n * 3}.0"] * 27, lambda n: ""),
        "a forecast is learnt from a row per step",
    ),
    "wisdm raw": (
        table(None, lambda n: n // 20 + 33, lambda n: ("Jogging", "Walking")[n // 20 % 2], lambda n: 49105962326000 + n,
              wave, wave, wave),
        "--id-column 1",
    ),
    "user names and counts": (table("user,age,country", lambda n: f"u{n}", pick("20 30"), pick("DE FR")), "--label"),
    "a single column": (table("text", prose), "the table must be labelled, got the single column 'text'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_help(name: str, tmp_path: Path) -> None:
    content, said = REFUSED[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 600


CHOSEN = {
    "common voice": (
        table("client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent", key, lambda n: f"common_voice_en_{n}.mp3",
              prose, pick("2 3"), pick("0 1"), pick("twenties thirties"), pick("male female"), pick("us england"), separator="\t"),
        "recordings", {"audio": "path", "label": "sentence", "task": "transcribe"},
    ),
    "speech commands": (
        table("file,label", lambda n: f"yes/{n}.wav", pick("yes no up")), "recordings",
        {"audio": "file", "label": "label", "task": "classify"},
    ),
    "ner_dataset": (
        table("Sentence #,Word,POS,Tag", lambda n: f"Sentence: {n // 8 + 1}" if n % 8 == 0 else "", lambda n: WORDS[n % len(WORDS)],
              pick("NNS IN VBP"), pick("O O O B-geo I-geo")),
        "tokens", {"token": "Word", "tag": "Tag", "sentence": "Sentence #"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_recordings_and_tokens(name: str, tmp_path: Path) -> None:
    content, layout, columns = CHOSEN[name]
    path = tmp_path / ("table.tsv" if "\t" in content else "table.csv")
    path.write_text(content, encoding="utf-8")
    found, _ = load(path)
    assert isinstance(found, Table)
    chosen, _ = choose(found, Reading(), True)
    assert (chosen.layout, chosen.columns) == (layout, columns)
