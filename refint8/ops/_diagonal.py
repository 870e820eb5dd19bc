"""Diagonals of matrices: MATRIX_DIAG, MATRIX_SET_DIAG."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from refint8.ops._copy_kernel import View

DTYPES: Final = ("INT8", "UINT8", "INT16", "INT32", "INT64", "FLOAT32")
"""What both operators move."""


def diagonal(matrices: View) -> View:
    """The elements [..., i, i] of [..., rows, columns]."""
    *shape, rows, columns = matrices.shape
    *steps, down, across = matrices.steps
    return replace(matrices, shape=(*shape, min(rows, columns)), steps=(*steps, down + across))
