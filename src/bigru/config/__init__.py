"""The configurations: the shape of a model, the shape of a forecaster, and the training.

Plain frozen dataclasses that round-trip through JSON; nothing here imports torch, so that a
saved model can be read where torch is not installed.
"""

from .augment import AugmentConfig
from .forecast import NORMALISATIONS, ForecastModelConfig
from .merges import MERGES
from .model import ChannelConfig, ConvConfig, EncoderConfig, ModelConfig
from .poolings import POOLINGS
from .training import LOGGERS, TrainConfig
from .values import from_dict, replace_fields, to_dict

__all__ = [
    "LOGGERS", "MERGES", "NORMALISATIONS", "POOLINGS", "AugmentConfig", "ChannelConfig", "ConvConfig", "EncoderConfig",
    "ForecastModelConfig", "ModelConfig", "TrainConfig", "from_dict", "replace_fields", "to_dict",
]  # fmt: skip
