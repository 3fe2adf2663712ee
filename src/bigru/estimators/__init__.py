"""BiGRUs with the face of scikit-learn: clone, pipelines, cross-validation and grid search work as usual."""

from .classifier import BiGRUClassifier
from .tagger import BiGRUTagger
from .transcriber import BiGRUTranscriber

__all__ = ["BiGRUClassifier", "BiGRUTagger", "BiGRUTranscriber"]
