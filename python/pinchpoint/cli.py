"""The command ``pinchpoint``: entry point, and the one place where errors become exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

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
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        status = _commands.app(
            args=words or ["--help"],
            prog_name="pinchpoint",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except PinchpointError as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        if error.filename is not None:
            raise
        # Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 0  # a reader such as `head` went away
        print(f"pinchpoint: the answer cannot be written: {error.strerror}", file=sys.stderr)
        return _NOT_WRITTEN
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


def _refuse(sentence: str) -> int:
    print(f"pinchpoint: {' '.join(sentence.split())}", file=sys.stderr)
    return _BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
