"""The commands with their options, declared for typer.

Each body imports what it needs, so that `predict` starts fast.
"""
