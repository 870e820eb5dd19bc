"""Axes: one number out of a tensor or an option, counted from the end when negative."""

from __future__ import annotations

from refint8.ops._op import Operand, Shape, check


def normalize_axis(axis: int, rank: int, label: str) -> int:
    """The axis in 0..rank-1; -1 is the last one. Refuses what lies outside under `label`."""
    check(-rank <= axis < rank, label, f"axis {axis} is outside a tensor of rank {rank}")
    return axis + rank if axis < 0 else axis


def read_axis(operand: Operand, rank: int, label: str) -> int:
    """The axis that a tensor of one element holds."""
    axes = operand.integers()
    check(len(axes) == 1, label, f"the axis must be one number, not {len(axes)}")
    return normalize_axis(axes[0], rank, label)


def replace_axis(shape: Shape, axis: int, *sizes: int) -> Shape:
    """The shape with the axis's size replaced by any number of sizes; none drops the axis."""
    return (*shape[:axis], *sizes, *shape[axis + 1 :])
