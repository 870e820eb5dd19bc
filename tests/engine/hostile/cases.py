"""Which random operator is made for which name.

`random_case(name, rng)` gives a node and an array for each input (None for constants), or None
where nothing is known about the operator. Not every case is a valid one.
"""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from refint8.ops import REGISTRY
from tests.engine.hostile import arithmetic, arrangements, moves, recurrent
from tests.engine.hostile.operands import Case

BUILDERS: dict[str, Callable[[str, Generator], Case]] = {
    "CONV_2D": arithmetic.convolution,
    "DEPTHWISE_CONV_2D": arithmetic.depthwise,
    "TRANSPOSE_CONV": arithmetic.transpose_convolution,
    "FULLY_CONNECTED": arithmetic.fully_connected,
    "AVERAGE_POOL_2D": arithmetic.pool,
    "MAX_POOL_2D": arithmetic.pool,
    "BATCH_MATMUL": arithmetic.matrix_product,
    "CUMSUM": arithmetic.running_sum,
    "STABLEHLO_SHIFT_LEFT": arithmetic.shifting,
    "RIGHT_SHIFT": arithmetic.shifting,
    "POW": arithmetic.powers,
    "TOPK_V2": arithmetic.largest,
    "PRELU": arithmetic.prelu,
    "ARG_MAX": arithmetic.extreme_index,
    "ARG_MIN": arithmetic.extreme_index,
    "RESIZE_BILINEAR": arithmetic.resize,
    "RESIZE_NEAREST_NEIGHBOR": arithmetic.resize,
    "TRANSPOSE": moves.transposition,
    "PAD": moves.padding,
    "PADV2": moves.padding,
    "MIRROR_PAD": moves.mirroring,
    "SLICE": moves.slicing,
    "STRIDED_SLICE": moves.strided,
    "CONCATENATION": moves.joining,
    "PACK": moves.packing,
    "UNPACK": moves.unpacking,
    "SPLIT": moves.splitting,
    "SPLIT_V": moves.splitting,
    "GATHER": moves.gathering,
    "RESHAPE": moves.reshaping,
    "SQUEEZE": moves.reshaping,
    "EXPAND_DIMS": moves.reshaping,
    "SHAPE": moves.sizes_of,
    "RANK": moves.sizes_of,
    "TILE": arrangements.tiling,
    "BROADCAST_TO": arrangements.broadcasting,
    "REVERSE_V2": arrangements.reversing,
    "BROADCAST_ARGS": arrangements.broadcast_shapes,
    "SEGMENT_SUM": arithmetic.rising_segments,
    "REVERSE_SEQUENCE": arrangements.sequences,
    "SPACE_TO_DEPTH": arrangements.blocks,
    "DEPTH_TO_SPACE": arrangements.blocks,
    "SPACE_TO_BATCH_ND": arrangements.batches,
    "BATCH_TO_SPACE_ND": arrangements.batches,
    "FILL": arrangements.filling,
    "ONE_HOT": arrangements.one_hot,
    "DILATE": arrangements.dilating,
    "STABLEHLO_PAD": arrangements.bordered,
    "DYNAMIC_UPDATE_SLICE": arrangements.updating,
    "EMBEDDING_LOOKUP": arrangements.embedding,
    "GATHER_ND": arrangements.gathering_slices,
    "SCATTER_ND": arrangements.scattering_slices,
    "MATRIX_SET_DIAG": arrangements.diagonals,
    "REDUCE_WINDOW": arrangements.reducing_windows,
    "STABLEHLO_GATHER": arrangements.cutting_windows,
    "SVDF": recurrent.memory_filters,
    "LSTM": recurrent.long_short_term_memory,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent.long_short_term_memory,
    "SELECT": arrangements.selecting,
    "SELECT_V2": arrangements.selecting,
    **dict.fromkeys(
        (f"UNSORTED_SEGMENT_{kind}" for kind in ("MAX", "MIN", "PROD", "SUM")),
        arithmetic.segments,
    ),
    **dict.fromkeys(
        ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL"),
        arithmetic.reduction,
    ),
}


WITHOUT_CASES = ("DENSIFY", "SPARSE_TO_DENSE", "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SCATTER")
"""They need a sparse constant or another subgraph, or nobody has written any yet."""


def random_case(name: str, rng: Generator) -> Case | None:
    """A case by the operator's builder, or by the shape of its dtype rows."""
    if name in BUILDERS:
        return BUILDERS[name](name, rng)
    arity = {len(row.inputs) for row in REGISTRY[name].rows}
    if arity == {1}:
        return arithmetic.unary(name, rng)
    return arithmetic.pair(name, rng) if arity == {2} else None
