"""Formulas as nodes: what arithmetic on values of a graph adds to it."""

from __future__ import annotations

from .graph import Graph

__all__ = ["Term"]


class Term:
    """A float32 value of a graph that the operators of Python compute with; numbers become constants.

    Args:
        g: the graph.
        node: the value's name.
    """

    def __init__(self, g: Graph, node: str) -> None:
        self.g, self.node = g, node

    def _op(self, kind: str, other: Term | float) -> Term:
        node = other.node if isinstance(other, Term) else self.g.constant(other)
        return Term(self.g, self.g.op(kind, self.node, node))

    def __add__(self, other: Term | float) -> Term:
        return self._op("Add", other)

    def __sub__(self, other: Term | float) -> Term:
        return self._op("Sub", other)

    def __mul__(self, other: Term | float) -> Term:
        return self._op("Mul", other)

    def __truediv__(self, other: Term | float) -> Term:
        return self._op("Div", other)

    def __neg__(self) -> Term:
        return Term(self.g, self.g.op("Neg", self.node))

    def __abs__(self) -> Term:
        return Term(self.g, self.g.op("Abs", self.node))
