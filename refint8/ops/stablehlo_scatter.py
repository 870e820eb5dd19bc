"""STABLEHLO_SCATTER: windows of updates worked into a tensor, each at a start of its own.

out = in, then for every update i, row by row, out[t] = f(out[t], updates[i]) with t = start(c) + p,
where c are the indices of i outside the axes `update_window_dims`, which choose a start, and p
those inside, which count within a window; along the axes `inserted_window_dims` of in a window has
one element and p none. Component k of a start, along the axis `index_vector_dim` of the second
input, belongs to the axis scatter_dims_to_operand_dims[k] of in, the others are 0. Elements that
fall outside in are left out. f is the one operator of the subgraph
`update_computation_subgraph_index`: STABLEHLO_ADD and STABLEHLO_MULTIPLY in the dtype's low bits,
STABLEHLO_MAXIMUM, STABLEHLO_MINIMUM; an empty subgraph replaces.

C1  options, shapes and ranks go together: `update_window_dims` and `inserted_window_dims` rise,
    `scatter_dims_to_operand_dims` names each axis at most once, starts have `index_vector_dim`
C2  the body is one of these functions; floats are only replaced

Quantization is not looked at: the integers are combined, whatever they stand for.

Semantics: LiteRT `kernels/stablehlo_scatter.cc`, ai-edge-litert 2.3.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from refint8.native.lowering import NotFastError, Site
from refint8.ops._copy_kernel import View, copy_tensor
from refint8.ops._dtypes import rows
from refint8.ops._index_maps import IndexMap, flat
from refint8.ops._index_maps_kernel import computed_places
from refint8.ops._op import Array, Node, Record, check, operator
from refint8.ops._plain_pairs import DTYPES
from refint8.ops._scatter_kernel import known_places, lower_scatter

FLOATS: Final = ("FLOAT16", "FLOAT32", "FLOAT64")

BODIES: Final[Mapping[tuple[str, ...], np.ufunc | None]] = {
    (): None,
    ("STABLEHLO_ADD",): np.add,
    ("STABLEHLO_MULTIPLY",): np.multiply,
    ("STABLEHLO_MAXIMUM",): np.maximum,
    ("STABLEHLO_MINIMUM",): np.minimum,
}
"""The operators of a body, and what they do to two values; None takes the second."""

KERNELS: Final[Mapping[np.ufunc, str]] = {
    np.add: "add",
    np.multiply: "mul",
    np.maximum: "max",
    np.minimum: "min",
}
"""The names of the functions in `native.scatter.FUNCTIONS`."""


@operator(
    "STABLEHLO_SCATTER",
    versions=range(1, 2),
    dtypes=rows("{T},INT32|INT64,{T}->{T}", (*DTYPES, *FLOATS)),
)
@dataclass(frozen=True, eq=False, kw_only=True)
class StablehloScatter(Record):
    """The integer record."""

    map: IndexMap
    function: np.ufunc | None

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Conditions C1, C2."""
        x, starts, updates = node.input(0), node.input(1).shape, node.input(2).shape
        options = node.options
        names = ("update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims")
        windows, inserted, start_axes = (tuple(map(int, options[name])) for name in names)
        vector_axis = int(options["index_vector_dim"])
        index_map = IndexMap(updates, windows, vector_axis, start_axes, inserted, len(x.shape))
        check(
            index_map.fits(starts),
            "C1",
            f"update_window_dims {windows}, inserted_window_dims {inserted},"
            f" scatter_dims_to_operand_dims {start_axes}, index_vector_dim {vector_axis} for"
            f" {x.shape}, starts of {starts} and updates of {updates}",
        )
        body = node.surroundings.body(int(options["update_computation_subgraph_index"]))
        check(body in BODIES, "C2", f"the body {body} is not one known function")
        function = BODIES[body]
        check(x.dtype not in FLOATS or function is None, "C2", f"{x.dtype} under {body}")
        return cls(shapes=(x.shape,), map=index_map, function=function)

    def spec(self, x: Array, starts: Array, updates: Array) -> Array:
        """x, starts and updates of any shapes that go together, to x's shape."""
        out = x.reshape(-1).copy()
        if updates.size and out.size:
            places = self.map.places(self.map.starts(starts))
            inside = ((places >= 0) & (places < np.array(x.shape, np.int64))).all(-1)
            targets, values = flat(places[inside], x.shape), updates.reshape(-1)[inside]
            if self.function is None:
                out[targets] = values
            else:
                combine: Any = self.function
                combine.at(out, targets, values)
        return out.reshape(x.shape)

    def lower(self, site: Site) -> None:
        """A copy of the input, then one update after the other."""
        starts, item = site.input(1), site.output.dtype.itemsize
        if site.output.dtype.name.upper() in ("FLOAT16", "FLOAT64"):
            raise NotFastError("floats of this width have no kernel")
        copy_tensor(site, 0)
        if not site.input(2).size or not site.output.size:
            return
        shape = site.output.shape
        if starts.data is None:
            found = computed_places(site, 1, self.map, shape, None, item)
        else:
            places = self.map.places(self.map.starts(starts.data))
            inside = ((places >= 0) & (places < np.array(shape, np.int64))).all(-1)
            found = known_places(site, np.where(inside, flat(places, shape) * item, -1))
        name = "put" if self.function is None else KERNELS[self.function]
        lower_scatter(site, name, View.of(site.read(2)), found, 1, item)
