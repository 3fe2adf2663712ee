"""A saved model: one folder in the Hugging Face layout, without pickle, treated as hostile when loaded.

`folder` saves, loads and certifies, `weights` knows which arrays a model has, `documents` reads and writes JSON
strictly, `configuration` turns a model and its task into config.json and back, `card` writes the README.
"""

from .folder import ANSWERING, FORMAT_VERSION, Bundle, certify, changed, load, save

__all__ = ["ANSWERING", "FORMAT_VERSION", "Bundle", "certify", "changed", "load", "save"]
