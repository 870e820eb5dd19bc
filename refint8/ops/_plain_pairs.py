"""Two integers to one, in the low bits of their dtype: the STABLEHLO arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from refint8.native.lowering import Site
from refint8.native.plain_pairs import pairs
from refint8.ops._dtypes import rows
from refint8.ops._op import Array, Node, Record, check

DTYPES: Final = (
    *("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL"),
)
ROWS: Final = rows("{T},{T}->{T}", DTYPES)


@dataclass(frozen=True, eq=False, kw_only=True)
class PlainPairs(Record):
    """The integer record: nothing but the shape."""

    function: ClassVar[Any]
    kernel: ClassVar[str]
    """The name of `function` in `native.plain_pairs`."""

    @classmethod
    def prepare(cls, node: Node) -> Self:
        """Condition C1: there is no broadcasting."""
        a, b = node.input(0).shape, node.input(1).shape
        check(a == b, "C1", f"shapes {a} and {b} differ")
        return cls(shapes=(a,))

    def spec(self, a: Array, b: Array) -> Array:
        """Arrays of one shape and dtype."""
        out: Array = type(self).function(a, b)
        return out

    def lower(self, site: Site) -> None:
        """A plain loop."""
        lower_pairs(site, type(self).kernel)


def lower_pairs(site: Site, name: str) -> None:
    """Append a function of `native.plain_pairs` of both inputs."""
    a, b, out = site.read(0), site.read(1), site.output
    site.call(pairs(name, out.dtype.name.upper()), a.offset, b.offset, out.offset, out.size)
