"""Audio files by the endings of their names."""

from __future__ import annotations

__all__ = ["SUFFIXES", "UNREADABLE", "is_audio", "is_document", "is_unreadable"]

SUFFIXES = (
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".mpga", ".aif", ".aiff", ".aifc", ".au"),
    *(".snd", ".caf", ".w64", ".rf64", ".sph", ".nist", ".voc"),
)
"""Endings of audio files that libsndfile decodes."""

UNREADABLE = (
    *(".m4a", ".m4b", ".m4r", ".mp4", ".m4v", ".mov", ".3gp", ".3ga", ".3g2", ".aac", ".adts", ".webm", ".weba"),
    *(".mka", ".mkv", ".amr", ".awb", ".wma", ".asf", ".avi", ".flv", ".ac3", ".eac3", ".dts", ".ape", ".wv", ".tta"),
    *(".mpc", ".ra", ".ram", ".rm", ".spx", ".qcp", ".slk", ".silk", ".dss", ".ds2", ".alac", ".pcm", ".raw", ".mid"),
)
"""Endings of audio and video files that cannot be decoded here."""

DOCUMENTS = (
    *(".txt", ".text", ".md", ".rst", ".tex", ".html", ".htm", ".xml", ".json", ".csv", ".tsv", ".eml", ".log"),
    *(".pdf", ".doc", ".docx", ".odt", ".rtf", ".ann"),
)
"""Endings of texts, which no recording has."""


def is_audio(name: str) -> bool:
    """Tell an audio file that can be read by its ending."""
    return _ends(name, SUFFIXES)


def is_unreadable(name: str) -> bool:
    """Tell an audio or video file that cannot be read by its ending."""
    return _ends(name, UNREADABLE)


def is_document(name: str) -> bool:
    """Tell a text by its ending."""
    return _ends(name, DOCUMENTS)


def _ends(name: str, endings: tuple[str, ...]) -> bool:
    """Tell whether a name has one of the endings, and something before it."""
    stem, point, ending = name.lower().rpartition(".")
    return point + ending in endings and stem.rpartition("/")[2].strip(". ") != ""
