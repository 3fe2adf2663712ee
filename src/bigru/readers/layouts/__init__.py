"""Layouts: each file knows one way to read a table, what speaks for it (`propose`), and how to read it (`build`)."""
