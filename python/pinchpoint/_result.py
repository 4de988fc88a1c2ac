"""What every result of a query can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinchpoint._extras import needed
from pinchpoint._table import html_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["TabularResult"]


class TabularResult:
    """A result with a table: the columns of :meth:`_columns`, for Arrow, pandas and notebooks."""

    def _columns(self) -> dict[str, list[Any]]:
        raise TypeError(f"{type(self).__name__} has no table")

    def to_arrow(self) -> pa.Table:
        """Return the table as Arrow (extra ``arrow``)."""
        return needed("pyarrow", "to_arrow", "arrow").table(self._columns())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_frame(self) -> pd.DataFrame:
        """Return the table as a pandas DataFrame."""
        return needed("pandas", "to_frame").DataFrame(self._columns())

    def _repr_html_(self) -> str:
        columns = self._columns()
        rows = [[_cell(value) for value in row] for row in zip(*columns.values(), strict=True)]
        return html_table(list(columns), rows)


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
