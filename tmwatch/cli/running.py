"""One command from its arguments to its exit code, whatever happens in it."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from tmwatch.cli.app import cli
from tmwatch.cli.output import complain, complain_of, utf8_streams
from tmwatch.errors import TmwatchError
from tmwatch.files import is_full

INTERRUPTED = 130


def run(argv: Sequence[str] | None) -> int:
    """Run one command and return its exit code. No error a user can cause shows a traceback."""
    with utf8_streams():
        try:
            # standalone_mode: click would print its own messages and leave by itself.
            result = cli.main(
                args=None if argv is None else list(argv), prog_name="tmwatch", standalone_mode=False
            )
            sys.stdout.flush()
        except TmwatchError as error:
            complain_of(error)
            return error.exit_code
        except click.ClickException as error:
            if type(error).__name__ == "NoArgsIsHelpError":  # younger than the oldest click that we take
                error.show()
                return error.exit_code
            from tmwatch.cli.usage import of_click

            complain_of(of_click(error, cli, sys.argv[1:] if argv is None else argv))
            return error.exit_code
        except click.Abort:
            return INTERRUPTED
        except (BrokenPipeError, SystemExit):  # click and rich leave by SystemExit when the pipe breaks
            _close_pipe()
            return 0
        except OSError as error:
            return _no_space(error) if is_full(error) else _our_fault(error, debug=_debug(argv))
        except Exception as error:  # noqa: BLE001 - the last net: a person must never see a traceback
            return _our_fault(error, debug=_debug(argv))
        return result if isinstance(result, int) else 0


def _close_pipe() -> None:
    """Whoever read us has left (`tmwatch changes | head`): what is still buffered goes nowhere, quietly."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _debug(argv: Sequence[str] | None) -> bool:
    return "--debug" in (sys.argv if argv is None else argv)


def _no_space(error: OSError) -> int:
    """A file without an error of its own, or what was printed: `tmwatch changes > FILE` on a full disk."""
    complain(
        f"Error: {error.filename or 'the output'}: it could not be written: {error.strerror}\n"
        "What was stored before is whole.\nFree space, then run the command again."
    )
    _close_pipe()
    return 1


def _our_fault(error: Exception, *, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    kind = f"{type(error).__name__}: {str(error)[:300]}"
    complain(
        f"Error: this is a bug in tmwatch ({kind}).\n"
        "What was stored before is whole. Run it again with `tmwatch --debug …` and report what it prints."
    )
    return 1
