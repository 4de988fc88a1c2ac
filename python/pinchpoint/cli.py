"""The command ``pinchpoint``: entry point, and the one place where errors become exit statuses."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pinchpoint.errors import PinchpointError

__all__ = ["main"]

_NOT_WRITTEN = 1
_BAD_INPUT = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        Exit status: 0, 1 if the answer cannot be written, 2 for bad input (with one sentence on
        stderr), 130 when interrupted.

    Examples
    --------
    >>> main(["bandwidth", "trn9-rack", "chip", "nic"])
    2
    """
    try:
        from pinchpoint import _commands
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("typer", "rich", "click"):
            raise
        return _refuse("the command line needs its extra: pip install 'pinchpoint[cli]'")
    if sys.stdout is None:
        return _not_written("standard output is closed")
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        with _any_text():
            status = _commands.app(
                args=words or ["--help"],
                prog_name="pinchpoint",
                standalone_mode=False,
                obj=_literal(words),
            )
            sys.stdout.flush()
    except PinchpointError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        if error.filename is not None:
            raise
        _discard()
        if isinstance(error, BrokenPipeError):
            return 0  # a reader such as `head` went away
        return _not_written(error.strerror or str(error))
    except SystemExit as error:
        # typer makes one of a broken pipe that a command meets while it writes.
        if not isinstance(error.__context__, BrokenPipeError):
            raise
        _discard()
        return 0
    except Exception as error:
        # typer carries its own copy of click in some versions: tell usage errors by what they do.
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        option = getattr(error, "option_name", "")
        near = getattr(error, "possibilities", None)
        if option and near:
            return _refuse(f'there is no option {option}: did you mean "{near[0]}"?')
        return _refuse(message())
    return int(status or 0)


def _literal(words: Sequence[str]) -> int:
    """Count the words after the first ``--``: none of them is an option."""
    return len(words) - words.index("--") - 1 if "--" in words else 0


@contextmanager
def _any_text() -> Iterator[None]:
    """Write what the encoding of stdout lacks as escapes, where it would be an error."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper) or out.errors not in ("strict", "surrogateescape"):
        yield
        return
    before = out.errors
    out.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        out.reconfigure(errors=before)


def _discard() -> None:
    """Let go of what is left to write: Python would complain again when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _not_written(why: str) -> int:
    _say(f"the answer cannot be written: {why}")
    return _NOT_WRITTEN


def _refuse(sentence: str) -> int:
    _say(" ".join(sentence.split()))
    return _BAD_INPUT


def _say(sentence: str) -> None:
    if sys.stderr is not None:  # print() would take None for stdout
        print(f"pinchpoint: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
