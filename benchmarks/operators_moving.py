"""Cases of operators that move, choose or make up elements, and the STABLEHLO_* ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.operator_case import Q8, Case, T, noise, one


def movers() -> Iterator[Case]:
    """Elements go elsewhere unchanged."""
    ints = lambda *data: T("INT32", data=list(data))  # noqa: E731
    pads = T("INT32", data=[[0, 0], [1, 2], [3, 1], [0, 0]])
    blocks = [ints(2, 2), T("INT32", data=[[0, 0], [0, 0]])]
    for dtype in ("INT8", "INT16", "INT32"):
        x, y = T(dtype), T(dtype)
        yield one("RESHAPE", [x, ints(64, 4096)], y, new_shape=[64, 4096])
        yield one("SQUEEZE", [x], y, squeeze_dims=[0])
        yield one("EXPAND_DIMS", [x, ints(0)], y)
        yield one("TRANSPOSE", [x, ints(0, 2, 1, 3)], y, mode=f"{dtype} pixels")
        yield one("TRANSPOSE", [x, ints(0, 3, 1, 2)], y, mode=f"{dtype} channels first")
        yield one("CONCATENATION", [x, x], y, mode=f"{dtype} channels", axis=3)
        yield one("PAD", [x, pads], y)
        fill = T(dtype, data=[7])
        yield one("PADV2", [x, pads, fill], y)
        yield Case("MIRROR_PAD", dtype, [x, pads], [y], {"mode": "REFLECT"})
        part = T(dtype, (1, 50, 40, 40))
        yield one("SLICE", [x, ints(0, 3, 5, 8), ints(1, 50, 40, 40)], part)
        strided = [ints(0, 1, 2, 0), ints(1, 63, 64, 64), ints(1, 2, 3, 2)]
        yield one("STRIDED_SLICE", [x, *strided], y)
        yield one("SPLIT", [ints(3), x], y, y, mode=dtype, num_splits=2)
        yield one("SPLIT_V", [x, ints(10, 54), ints(3)], y, y, num_splits=2)
        yield one("PACK", [x, x], y, values_count=2, axis=3)
        yield one("UNPACK", [T(dtype, (64, 64, 64, 2))], y, y, num=2, axis=3)
        some = noise("INT32", (48,), 0, 64)
        yield one("GATHER", [x, T("INT32", data=some)], y, axis=2)
        pairs = noise("INT32", (512, 3), 0, 1)
        pairs[:, 1:] = noise("INT32", (512, 2), 0, 64)
        yield one("GATHER_ND", [x, T("INT32", data=pairs)], y)
        yield one("TILE", [T(dtype, (1, 32, 32, 64)), ints(1, 2, 2, 1)], y)
        yield one("SPACE_TO_BATCH_ND", [x, *blocks], y)
        yield one("BATCH_TO_SPACE_ND", [T(dtype, (4, 32, 32, 64)), *blocks], y)
        yield one("REVERSE_V2", [x, ints(2)], y)
        yield one("BROADCAST_TO", [T(dtype, (1, 64, 1, 64)), ints(1, 64, 64, 64)], y)
        update = [T(dtype, (1, 32, 32, 64)), ints(0, 8, 8, 0)]
        yield one("DYNAMIC_UPDATE_SLICE", [x, *update], y)
        yield one("BITCAST", [x], T("INT8" if dtype != "INT8" else "UINT8"))
    for dtype in Q8:
        yield one("SPACE_TO_DEPTH", [T(dtype)], T(dtype), block_size=2)
        yield one("DEPTH_TO_SPACE", [T(dtype)], T(dtype), block_size=2)
    some = [T("UINT8", (64, 64, 64)), ints(*[40] * 64)]
    yield one("REVERSE_SEQUENCE", some, T("UINT8"), seq_dim=1, batch_dim=0)
    yield one("CONCATENATION", [T("UINT8"), T("UINT8", scale=0.07, zero_point=9)], T("UINT8"),
              mode="UINT8 rescaled", axis=3)  # fmt: skip


def selections() -> Iterator[Case]:
    """Chosen, scattered and made-up elements."""
    ints = lambda *data: T("INT32", data=list(data))  # noqa: E731
    for dtype in ("INT8", "INT16", "INT32"):
        x, y = T(dtype), T(dtype)
        yield one("SELECT", [T("BOOL"), x, x], y, mode=dtype)
        yield one("SELECT_V2", [T("BOOL", (1, 64, 64, 1)), x, x], y, mode=dtype)
        if dtype == "INT32":
            yield one("ZEROS_LIKE", [x], y)
        if dtype != "INT16":
            where = T("INT32", data=noise("INT32", (512, 1), 0, 512))
            yield one("SCATTER_ND", [where, T(dtype, (512, 64)), ints(512, 64)], y, mode=dtype)
        yield one("MATRIX_DIAG", [T(dtype, (64, 64))], y)
        yield one("MATRIX_SET_DIAG", [T(dtype, (64, 64, 64)), T(dtype, (64, 64))], y)
        lookup = T("INT32", data=noise("INT32", (512,), 0, 512))
        if dtype == "INT8":
            yield one("EMBEDDING_LOOKUP", [lookup, T(dtype, (512, 64))], y, mode=dtype)
        rows = T("INT32", data=np.arange(4096) // 64)
        if dtype == "INT32":
            yield one("SEGMENT_SUM", [T(dtype, (4096, 64)), rows], y)
            for name in ("SUM", "MAX", "MIN", "PROD"):
                segments = [T(dtype, (4096, 64)), rows, T("INT32", data=64)]
                yield one(f"UNSORTED_SEGMENT_{name}", segments, y)
        gaps = [T("INT32", data=[1, 2, 2, 1])]
        yield one("DILATE", [T(dtype, (1, 32, 32, 64)), *gaps, T(dtype, data=0)], y)
    on = [T("INT32", data=64), T("INT8", data=1), T("INT8", data=0)]
    yield one("ONE_HOT", [T("INT32", (4096,)), *on], T("INT8"), mode="INT8", axis=-1)
    for dtype in ("BOOL", "INT8"):
        yield one("WHERE", [T(dtype)], T("INT64"))
    yield one("UNIQUE", [T("INT8", (65536,))], T("INT8"), T("INT32"), idx_out_type="INT32")


def stablehlo() -> Iterator[Case]:
    """The STABLEHLO_* operators on raw integers, and windows."""
    for dtype in ("INT8", "INT32"):
        for name in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"):
            yield one(f"STABLEHLO_{name}", [T(dtype), T(dtype)], T(dtype))
        edges = {"edge_padding_low": [0, 1, 1, 0], "edge_padding_high": [0, 2, 2, 0]}
        yield one("STABLEHLO_PAD", [T(dtype), T(dtype, data=1)], T(dtype),
                  interior_padding=[0, 0, 0, 0], **edges)  # fmt: skip
