"""Texts with labels as people have them, in the layouts of well-known data sets and exports."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.reader import read
from made_tables import at, chinese, key, number, pick, prose, table

TEXTS = {
    "amazon reviews": (
        table(
            "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,Score,Time,Summary,Text",
            lambda n: n + 1,
            lambda n: f"B00{n % 9}E4KFG0",
            lambda n: f"A3SGXH7A{n}",
            lambda n: f"user {n % 40}",
            pick("0 1 2"),
            pick("0 1 2 3"),
            pick("1 2 3 4 5"),
            lambda n: 1303862400 + 86400 * n,
            lambda n: prose(n, 2, 5),
            prose,
        ),
        "Text",
        "Score",
    ),
    "amazon json columns": (
        table(
            "reviewerID,asin,reviewText,overall,summary,unixReviewTime",
            key,
            pick("B001 B002 B003"),
            prose,
            pick("5.0 4.0 1.0"),
            lambda n: prose(n + 1, 2, 5),
            lambda n: 1252800000 + n,
        ),
        "reviewText",
        "overall",
    ),
    "imdb": (table("review,sentiment", lambda n: prose(n, 30, 90), pick("positive negative")), "review", "sentiment"),
    "ag news": (
        table("Class Index,Title,Description", pick("1 2 3 4"), lambda n: prose(n, 4, 7), lambda n: prose(n, 20, 30)),
        "Description",
        "Class Index",
    ),
    "sms spam": (
        "v1,v2,,,\n" + table(None, pick("ham ham spam"), prose, *[lambda n: ""] * 3),
        "v2",
        "v1",
    ),
    "sentiment140": (
        table(
            None,
            pick("0 4"),
            lambda n: 1467810369 + 13 * n,
            lambda n: f"Mon Apr 06 22:{n % 60:02}:45 PDT 2009",
            lambda n: "NO_QUERY",
            lambda n: f"user_{n}",
            prose,
        ),
        "6",
        "1",
    ),
    "airline tweets": (
        table(
            "tweet_id,airline_sentiment,airline_sentiment_confidence,negativereason,airline,airline_sentiment_gold,name,"
            "retweet_count,text,tweet_coord,tweet_created",
            lambda n: 570306133677760513 + n,
            pick("neutral positive negative"),
            pick("1.0 0.3486 0.6837"),
            lambda n: "" if n % 2 else "Late Flight",
            pick("United Delta"),
            lambda n: "",
            lambda n: f"jnar{n}",
            lambda n: 0,
            prose,
            lambda n: "",
            at,
        ),
        "text",
        "airline_sentiment",
    ),
    "trec": ("".join(f"{pick('DESC:manner ENTY:animal HUM:ind')(n)}\t{prose(n, 5, 9)}\n" for n in range(60)), "2", "1"),
    "hf sst2": (table("idx,sentence,label", number, prose, pick("0 1")), "sentence", "label"),
    "hf label_text": (
        table("text,label,label_text", prose, lambda n: n % 3, lambda n: ("sadness", "joy", "anger")[n % 3]),
        "text",
        "label_text",
    ),
    "pandas index twice": (
        table(",Unnamed: 0,text,label", number, number, prose, pick("pos neg")),
        "text",
        "label",
    ),
    "banking77": (
        table("text,category", prose, pick("card_arrival lost_or_stolen_card top_up_failed")),
        "text",
        "category",
    ),
    "20 newsgroups": (
        table(
            ",content,target,target_names",
            number,
            prose,
            lambda n: n % 4,
            lambda n: ("rec.autos", "sci.med", "comp.graphics", "alt.atheism")[n % 4],
        ),
        "content",
        "target",
    ),
    "chnsenticorp": (table("label,review", pick("0 1"), chinese), "review", "label"),
    "waimai, tabs": (table("标签\t评论", pick("好评 差评"), chinese, separator="\t"), "评论", "标签"),
    "thucnews, no header": (table(None, pick("体育 财经 科技"), chinese, separator="\t"), "2", "1"),
    "german export": (
        table("Nr.;Datum;Kommentar;Bewertung", number, at, prose, pick("gut schlecht"), separator=";"),
        "Kommentar",
        "Bewertung",
    ),
    "form with questions": (
        table(
            "Timestamp,How satisfied are you with the course in general?,"
            "What could we improve? Please tell us in your words.",
            lambda n: f"2016-07-01 10:{n % 60:02}:00",
            lambda n: ("Very satisfied", "Not satisfied")[n % 2],
            prose,
        ),
        "What could we improve? Please tell us in your words.",
        "How satisfied are you with the course in general?",
    ),
    "disaster tweets": (
        table(
            "id,keyword,location,text,target",
            number,
            lambda n: "" if n < 3 else "ablaze",
            pick("UK USA Birmingham"),
            prose,
            pick("0 1"),
        ),
        "text",
        "target",
    ),
    "quora insincere": (table("qid,question_text,target", key, prose, pick("0 0 1")), "question_text", "target"),
    "hate speech": (
        table(
            ",count,hate_speech,offensive_language,neither,class,tweet",
            number,
            lambda n: 3,
            pick("0 1 2 3"),
            pick("0 1 2 3"),
            pick("0 1 2 3"),
            pick("0 1 2"),
            prose,
        ),
        "tweet",
        "class",
    ),
    "fake news": (
        table(
            "id,title,author,text,label",
            number,
            lambda n: prose(n, 5, 9),
            lambda n: f"Ann {n}",
            lambda n: prose(n, 40, 80),
            pick("0 1"),
        ),
        "text",
        "label",
    ),
    "yelp, no header": (table(None, pick("1 2"), lambda n: prose(n, 30, 60)), "2", "1"),
    "consumer complaints": (
        table(
            "Date received,Product,Consumer complaint narrative,Company,State,ZIP code,Complaint ID",
            at,
            lambda n: ("Mortgage", "Student loan", "Debt collection")[n % 3],
            prose,
            pick("A B C D E"),
            pick("TX CA NY FL"),
            lambda n: 10000 + 37 * n,
            lambda n: 3184290 + n,
        ),
        None,
        "--label",
    ),
    "question pairs": (
        table(
            "id,qid1,qid2,question1,question2,is_duplicate",
            number,
            lambda n: 2 * n + 1,
            lambda n: 2 * n + 2,
            prose,
            lambda n: prose(n + 9),
            pick("0 1"),
        ),
        None,
        "--text",
    ),
    "nli": (table("premise,hypothesis,label", prose, lambda n: prose(n + 1), pick("0 1 2")), None, "--text"),
    "ag news, no header": (
        table(None, pick("1 2 3 4"), lambda n: prose(n, 4, 7), lambda n: prose(n, 20, 30)),
        None,
        "--text",
    ),
    "titanic": (
        table(
            "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked",
            lambda n: n + 1,
            pick("0 1"),
            pick("1 2 3"),
            lambda n: f"Braund, Mr. Owen {key(n)[:5]}",
            pick("male female"),
            pick("22 38 26 35 54"),
            pick("0 1"),
            pick("0 1 2"),
            lambda n: f"A/5 {21171 + n}",
            lambda n: f"{7 + n / 7:.4f}",
            lambda n: "",
            pick("S C Q"),
        ),
        None,
        "--label or --labels must be named, as one or several",
    ),
    "tweets without labels": (
        table("user_id,date,tweet_text,likes", lambda n: n % 9, at, prose, lambda n: n * n % 17),
        None,
        "--label",
    ),
}
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
        table(
            "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate",
            key,
            prose,
            pick("0 1"),
            pick("0 0 1"),
            pick("0 1"),
            lambda n: 0,
            pick("0 1"),
            pick("0 0 1"),
        ),
        ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"],
    ),
    "stack overflow": (
        table(
            "Id,Title,Tags",
            number,
            prose,
            lambda n: "".join(f"<{tag}>" for tag in pick("python,pandas python java,sql")(n).split(",")),
        ),
        ["Tags"],
    ),
    "lists": (table("text,genres", prose, lambda n: str([["a"], ["a", "b"], []][n % 3])), ["genres"]),
    "bars": (table("text,labels", prose, lambda n: ("x", "x|y", "z")[n % 3]), ["labels"]),
    "commas": (
        table(
            "overview,genres",
            prose,
            lambda n: ", ".join(
                itertools.islice(random.Random(n).sample(["Drama", "Comedy", "War", "Crime", "Family"], 5), 1 + n % 3)
            ),
        ),
        ["genres"],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_texts_with_several_labels(name: str, tmp_path: Path) -> None:
    content, labels = SEVERAL[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    found = read(path)
    assert (found.columns("label"), found.multi_label, len(found)) == (labels, True, 60)
    assert max(len(one) for one in found.targets or []) > 1
