"""The mathematics: recurrent cells and the linear-chain CRF, each with its specification in NumPy.

Every folder holds a `reference.py`, the specification, and the engines that are tested against it.
"""
