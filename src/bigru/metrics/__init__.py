"""Scores that carry a signature and an interval.

| file | what |
|---|---|
| `score.py` | Score, Report: what every evaluation returns |
| `classification.py` | accuracy, precision, recall, F1, confusion; one label or many per example |
| `spans.py` | F1 of spans as conlleval counts it, accuracy of tags |
| `transcription.py` | word and character error rates of transcripts |
| `calibration.py` | expected calibration error, Brier score, reliability bins |
| `intervals.py` | bootstrap percentile intervals |
| `inputs.py` | checks of gold and predicted labels |
"""

from .classification import classification_report, multilabel_report
from .score import Report, Score
from .spans import tagging_report
from .transcription import transcription_report

__all__ = ["Report", "Score", "classification_report", "multilabel_report", "tagging_report", "transcription_report"]
