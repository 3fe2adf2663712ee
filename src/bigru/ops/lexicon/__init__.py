"""The words of a lexicon that lie at every unit of a sequence.

| file | what |
|---|---|
| `reference.py` | every word compared at every unit, in Python: the specification |
| `trie.py` | the words as a tree of their prefixes, in three arrays |
| `native.py` | the look-up in such a tree, compiled: what features call |
"""
