"""A saved model: one folder in the Hugging Face layout, without pickle, treated as hostile when loaded.

`folder` saves and loads, `certificate` keeps what a verification found, `lock` lets one process write at a time,
`weights` knows which arrays a model has, `documents` reads and writes JSON strictly,
`configuration` turns a model and its task into config.json and back, `card` writes the README.
"""

from .certificate import certify, changed_files, hashes
from .folder import ANSWERING, FORMAT_VERSION, Bundle, load, save

__all__ = ["ANSWERING", "FORMAT_VERSION", "Bundle", "certify", "changed_files", "hashes", "load", "save"]
