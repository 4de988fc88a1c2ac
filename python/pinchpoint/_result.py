"""What every result of a query can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinchpoint._extras import needed
from pinchpoint._table import html_table
from pinchpoint.errors import CertificateError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["RepeatableResult", "TabularResult", "check_again", "checked"]

# Rows that a notebook shows, at most.
_SHOWN = 60


class TabularResult:
    """A result with a table: the columns of :meth:`_columns`, for Arrow, pandas and notebooks."""

    __slots__ = ()

    def _columns(self) -> dict[str, Any]:
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
        count = len(next(iter(columns.values()), ()))
        shown = [column[:_SHOWN] for column in columns.values()]
        rows = [[_cell(value) for value in row] for row in zip(*shown, strict=True)]
        caption = f"The first {_SHOWN} of {count:,} rows" if count > _SHOWN else ""
        return html_table(list(columns), rows, caption)


class RepeatableResult(TabularResult):
    """A result whose flows or loads are let go once checked: it is verified by asking again."""

    __slots__ = ()

    def _again(self) -> object:
        raise TypeError(f"{type(self).__name__} cannot be asked again")

    def verify(self) -> None:
        """Ask again, which checks every flow, cut and load again with independent code.

        Raises
        ------
        CertificateError
            The answer is wrong: a bug.
        """
        check_again(self, self._again())


def checked(certificate: Any) -> dict[str, Any]:
    """Return a certificate as plain values; no answer is handed out unchecked."""
    return {**vars(certificate), "checked": True}


def check_again(answer: object, again: object, *, agree: bool | None = None) -> None:
    """Refuse an answer that the same question, asked and checked anew, contradicts.

    Parameters
    ----------
    answer, again : object
        Both answers.
    agree : bool, optional
        Whether they can both be right; default if they are equal.

    Raises
    ------
    CertificateError
        They cannot: a bug.
    """
    if not (again == answer if agree is None else agree):
        raise CertificateError(
            f"the answer failed its check: it is {answer!r}, and asked again {again!r}; "
            "this is a bug"
        )


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
