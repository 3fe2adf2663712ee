"""Names that columns are known by, and how well a column's name fits what is looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = [
    "COUNTS",
    "IDS",
    "KNOWN",
    "LABELS",
    "RECORDINGS",
    "SENTENCES",
    "TEXTS",
    "TIMES",
    "TOKENS",
    "TRANSCRIPTS",
    "fit",
]

TEXTS = (
    *("text", "texts", "sentence", "review", "content", "comment", "body", "message", "tweet", "document"),
    *("text_a", "sentence1", "utterance", "query", "question", "description", "review_text", "review_body"),
    *(
        "headline",
        "title",
        "summary",
        "文本",
        "内容",
        "评论",
        "评价",
        "句子",
        "正文",
        "留言",
        "问题",
        "标题",
        "微博",
        "v2",
    ),
)
"""Names of text columns, the surest first."""

LABELS = (
    *("label", "labels", "class", "target", "sentiment", "polarity", "category", "intent", "emotion", "topic"),
    *("cat", "tag", "tags", "y", "label_name", "label_text", "label_desc", "classes", "rating", "stars", "activity"),
    *("标签", "类别", "分类", "情感", "情感倾向", "类型", "意图", "v1"),
)
"""Names of label columns, the surest first."""

RECORDINGS = (
    *("audio", "audio_path", "audio_filepath", "recording", "path", "file", "filename", "file_name", "wav", "clip"),
    *("录音", "音频", "文件"),
)
"""Names of columns of recordings, the surest first."""

TRANSCRIPTS = (
    *("transcript", "transcription", "text", "sentence", "normalized_text", "words", "utterance", "wrd", "trans"),
    *("normalized_transcription", "raw_transcription", "transcripts", "转写", "文本", "句子"),
)
"""Names of columns of transcripts, the surest first."""

IDS = (
    *("id", "series_id", "series", "unique_id", "case_id", "case", "sequence_id", "sequence", "sample_id", "sample"),
    *("user", "user_id", "subject", "machine", "device", "unit", "item_id", "item", "store", "session", "trial"),
    *("序列", "编号", "样本", "用户", "设备"),
)
"""Names of columns that tell series apart, the surest first."""

TIMES = (
    *("time", "timestamp", "datetime", "date", "ds", "step", "time_step", "timestep", "t", "tick", "frame", "index"),
    *("date_time", "day", "month", "year", "period", "hour", "cycle", "cycles", "week", "quarter"),
    *("时间", "时刻", "日期", "步", "年月", "年份", "月份"),
)
"""Names of columns that order the steps, the surest first."""

TOKENS = ("token", "word", "form", "tokens", "words", "char", "character", "词", "字", "单词")
"""Names of columns of tokens, a row each, the surest first."""

TAGS = (
    "tag",
    "ner",
    "ner_tag",
    "ner_tags",
    "label",
    "labels",
    "tags",
    "iob",
    "bio",
    "entity",
    "upos",
    "pos",
    "标签",
    "标注",
)
"""Names of columns of tags, a row each, the surest first."""

SENTENCES = ("sentence #", "sentence_id", "sentence", "sent_id", "sent", "sentence_idx", "doc_id", "句子", "句子编号")
"""Names of columns that say which sentence a token belongs to, the surest first."""

COUNTS = frozenset(
    (
        *("count", "likes", "like", "number", "num", "length", "age", "year", "month", "day", "price", "votes", "vote"),
        *("confidence", "probability", "retweets", "views", "shares", "followers", "size", "fold", "split", "lang"),
        *("language", "country", "user", "author", "name", "source", "location", "timezone", "url", "helpful"),
    )
)
"""Words of names of columns that look like labels and are hardly ever meant."""

KNOWN = frozenset((*TEXTS, *LABELS, *RECORDINGS, *TRANSCRIPTS, *IDS, *TIMES, *TOKENS, *TAGS, *SENTENCES)) - {"v1", "v2"}
"""All of them; v1 and v2 stand for no meaning of their own."""

EXACT, HEAD, PART = 3.0, 2.0, 1.0
"""How well a name fits: it is known (up to one point more, the surest first); its last word is; another word is."""

SHORTEST = 3
"""Letters of a known name that may be found within another name."""

WORDS = re.compile(r"[^\W\d_]+|\d+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case: of tweet_text, tweetText and "Tweet text" they are tweet and text."""
    return [word.casefold() for word in WORDS.findall(CAMEL.sub(" ", name))]


def fit(name: str, known: Sequence[str]) -> float:
    """Return how well a column's name fits one of the known names: 0 for not at all, above `EXACT` for one of them."""
    folded = name.strip().casefold()
    if not known:
        return 0.0
    if folded in known:
        return EXACT + 1 - known.index(folded) / len(known)
    words = words_of(name)
    usable = [one for one in known if len(one) >= SHORTEST or not one.isascii()]
    if words and words[-1] in usable:
        return HEAD
    if any(word in usable for word in words):
        return PART
    chinese = [one for one in usable if not one.isascii()]
    if any(folded.endswith(one) for one in chinese):
        return HEAD
    return PART if any(one in folded for one in chinese) else 0.0
