"""BiGRUs with the face of scikit-learn: clone, pipelines, cross-validation and grid search work as usual."""

from .classifier import BiGRUClassifier
from .forecaster import BiGRUForecaster
from .tagger import BiGRUTagger
from .transcriber import BiGRUTranscriber

__all__ = ["BiGRUClassifier", "BiGRUForecaster", "BiGRUTagger", "BiGRUTranscriber"]
