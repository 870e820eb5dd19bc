"""MEAN: one op = one file = one room. The registry finds an operator by the name of its file."""

from refint8.ops._op import REGISTRY, Node, Operand, Record, Registration, prepare

__all__ = ["REGISTRY", "Node", "Operand", "Record", "Registration", "prepare"]
