"""Decoding of connectionist temporal classification, CTC (`docs/math/ctc.md`).

| file | what |
|---|---|
| `labelling.py` | what decoding returns for a sequence; the frames that a labelling needs |
| `reference.py` | enumeration, log probability, alignment, prefix beam search in NumPy: the specification |
| `native.py` | greedy, beam search and alignment compiled, for NumPy arrays: what prediction calls |
| `language.py` | a language model of symbols, learnt from transcripts |
"""
