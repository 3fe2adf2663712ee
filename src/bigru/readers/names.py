"""Names that columns are known by, and how well a column's name fits what is looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = [
    "COUNTS",
    "GROUPS",
    "IDS",
    "KNOWN",
    "LABELS",
    "OUTCOMES",
    "RECORDINGS",
    "SENTENCES",
    "TAGS",
    "TEXTS",
    "TIMES",
    "TITLES",
    "TOKENS",
    "TRANSCRIPTS",
    "fit",
    "name_words",
]


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


TEXTS = _names(
    "text texts sentence review content comment body message tweet document review_text review_body comment_text "
    "tweet_text text_a sentence1 utterance sentences reviews comments full_text raw_text clean_text cleaned_text "
    "message_body body_text article news post sms msg sms_text email paragraph passage phrase feedback statement "
    "complaint narrative abstract prompt verbatim input_text text_content description "
    "文本 内容 评论 评价 句子 正文 留言 微博 评论内容 文字 反馈 弹幕 內容 評論 評價 意見 本文 文章 テキスト レビュー "
    "문장 텍스트 리뷰 내용 댓글 kommentar nachricht rezension freitext beschreibung satz inhalt anmerkung beitrag "
    "texto comentario comentarios reseña mensaje opinión contenido frase descripción comentário mensagem resenha "
    "texte commentaire avis contenu testo recensione commento текст комментарий отзыв сообщение"
)
"""Names of text columns, the surest first."""

TITLES = _names(
    "question query headline title summary subject review_title review_headline review_summary heading "
    "name_of_item caption 问题 标题 主题 摘要 標題 問題 タイトル 제목 titel betreff überschrift título titulo asunto "
    "titre sujet заголовок"
)
"""Names of columns that hold the text where there is no better one."""

LABELS = _names(
    "label labels class target sentiment polarity category intent emotion topic "
    "cat tag tags y label_name label_text label_desc classes rating stars activity "
    "class_name class_label target_name category_name sentiment_label gold_label true_label ground_truth "
    "star_rating overall genre genres topics categories intents emotions annotation "
    "标签 类别 分类 情感 情感倾向 类型 意图 标注 类目 星级 標籤 類別 分類 情緒 ラベル カテゴリ 感情 "
    "라벨 레이블 분류 감정 "
    "klasse kategorie stimmung etikett thema etiqueta clase categoría categoria sentimiento polaridad "
    "classe étiquette catégorie sentimento etichetta метка класс категория тональность"
)
"""Names of label columns, the surest first."""

OUTCOMES = _names(
    "score type kind outcome verdict diagnosis result grade rank section department group status state answer "
    "output response gold truth species fault quality urteil bewertung note typ art ergebnis resultado tipo "
    "nivel résultat 结果 结论 评分 等级 結果 結論 評分 spam is_spam toxic"
)
"""Names of columns that are often labels, and often something else."""

RECORDINGS = (
    *("audio", "audio_path", "audio_filepath", "recording", "path", "file", "filename", "file_name", "wav", "clip"),
    *("audio_file", "wav_filename", "fname", "录音", "音频", "文件", "datei", "aufnahme", "archivo"),
)
"""Names of columns of recordings, the surest first."""

TRANSCRIPTS = (
    *("transcript", "transcription", "text", "sentence", "normalized_text", "words", "utterance", "wrd", "trans"),
    *("normalized_transcription", "raw_transcription", "transcripts", "转写", "文本", "句子"),
)
"""Names of columns of transcripts, the surest first."""

IDS = _names(
    "id series_id series unique_id case_id case sequence_id sequence sample_id sample "
    "user user_id subject machine device unit item_id item store session trial "
    "machine_id device_id session_id subject_id trial_id store_id unit_id patient patient_id "
    "engine engine_id run run_id participant person vehicle episode instance instance_id "
    "序列 编号 样本 用户 设备 病人 患者 機器 patienten_id fahrzeug gerät maschine paciente"
)
"""Names of columns that tell series apart, the surest first."""

TIMES = _names(
    "time timestamp datetime date ds ts step time_step timestep t tick frame index "
    "date_time day month year period hour cycle cycles week quarter "
    "时间 时刻 日期 步 年月 年份 月份 時間 zeit datum zeitpunkt uhrzeit zeitstempel fecha hora tiempo heure дата время"
)
"""Names of columns that order the steps, the surest first."""

TOKENS = ("token", "word", "form", "tokens", "words", "char", "character", "词", "字", "单词")
"""Names of columns of tokens, a row each, the surest first."""

TAGS = (
    *("tag", "ner", "ner_tag", "ner_tags", "label", "labels", "tags", "iob", "bio", "entity", "upos", "pos"),
    *("标签", "标注"),
)
"""Names of columns of tags, a row each, the surest first."""

SENTENCES = ("sentence #", "sentence_id", "sentence", "sent_id", "sent", "sentence_idx", "doc_id", "句子", "句子编号")
"""Names of columns that say which sentence a token belongs to, the surest first."""

COUNTS = frozenset(
    _names(
        "count likes like number num length age year month day price votes vote confidence probability retweets views "
        "shares followers size fold split lang language country user author name source location timezone url helpful "
        "id idx index uuid username reviewer device platform city region state retweet favorite reply replies hour "
        "week date time version annotator worker gender sex speaker accent words chars tokens verified brand product "
        "asin 语言 国家 用户 用户名 城市 作者 点赞 sprache land stadt autor idioma país"
    )
)
"""Words of names of columns that look like labels and are hardly ever meant."""

GROUPS = _names(
    "speaker user patient author subject participant person customer client writer annotator reviewer respondent "
    "document doc article book conversation dialogue dialog thread session group family site hospital "
    "speaker_id user_id patient_id author_id subject_id participant_id person_id customer_id client_id doc_id "
    "document_id article_id conversation_id dialogue_id thread_id session_id group_id username speaker_name "
    "author_name spk spk_id 说话人 用户 用户名 患者 病人 作者 受试者 文档 会话 组 组别 話者 患者 利用者"
)
"""Names of columns that say what rows belong together."""

EXACT, HEAD, PART = 3.0, 2.0, 1.0
"""How well a name fits: it is known (up to one point more, the surest first); its last word is; another word is."""

SHORTEST = 3
"""Letters of a known name that may be found within another name."""

COMPOUNDS = ("text", "kommentar", "nachricht", "beschreibung", "klasse", "kategorie")
"""Names that end longer words in German: Bewertungstext."""

WORDS = re.compile(r"[^\W\d_]+|\d+")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(4096)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: of tweet_text, tweetText and "Tweet text" they are tweet and text."""
    return tuple(word.casefold() for word in WORDS.findall(CAMEL.sub(" ", name)))


@lru_cache(16384)
def fit(name: str, known: Sequence[str]) -> float:
    """Return how well a column's name fits one of the known names: 0 for not at all, above `EXACT` for one of them.

    Spaces, underscores and capitals within a name do not count: reviewText is review_text.
    """
    folded = name.strip().casefold()
    words = name_words(name)
    places = _places(tuple(known))
    for spelled in (folded, "_".join(words)):
        if spelled in places:
            return EXACT + 1 - places[spelled] / len(known)
    usable = {one for one in known if len(one) >= SHORTEST or not one.isascii()}
    if words and (words[-1] in usable or any(words[-1].endswith(one) for one in COMPOUNDS if one in usable)):
        return HEAD
    if any(word in usable for word in words):
        return PART
    chinese = [one for one in usable if not one[0].isascii() and len(one) > 1 and _is_unspaced(one)]
    if any(folded.endswith(one) for one in chinese):
        return HEAD
    return PART if any(one in folded for one in chinese) else 0.0


@lru_cache(64)
def _places(known: tuple[str, ...]) -> dict[str, int]:
    return {name: n for n, name in reversed(list(enumerate(known)))}


def _is_unspaced(word: str) -> bool:
    """Tell whether a word is of a script that is written without spaces."""
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in word)


KNOWN = tuple(
    dict.fromkeys((*TEXTS, *TITLES, *LABELS, *RECORDINGS, *TRANSCRIPTS, *IDS, *TIMES, *TOKENS, *TAGS, *SENTENCES))
)
"""All of them."""
