"""The command line: arguments in, exit status out. Each command has a file of this folder, which is imported when it runs.

Exit status: 0 clean, 1 findings, 2 usage or input that cannot be read, 70 a bug of ours, 130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import StringIO
from traceback import walk_tb
from typing import NoReturn

import click

from ..compiler import interrupts
from ..compiler.version import __version__
from ..text.files import PathError
from .terminal import Unwritable, fail_to_write, note, open_streams

UNBUILDABLE = 1
UNUSABLE = 2
BUG = 70
INTERRUPTED = 130
TRACEBACK_LINES = 12
COMPLETION = "_CNNLSTM_SPEC_COMPLETE"
"""Set by a shell that asks click what a command line could go on with."""
COMMANDS = {
    "validate": "Check specs, every shape and every mistake in them.",
    "shapes": "Show every layer's output, dtype, mask and parameters.",
    "compile": "Build the Keras model, its plot and a manifest.",
    "data": "Read all data of a spec, and show what the model will be fed.",
    "train": "Train the model on the data of its spec.",
    "search": "Train variants that are drawn from a space, and keep the best.",
    "evaluate": "Measure a trained model, with intervals.",
    "predict": "Predict for new samples with a trained model.",
    "compare": "Set trained models side by side.",
    "export": "Write a trained model for other runtimes.",
    "plot": "Draw a spec as SVG or PNG.",
    "view": "Show a spec in a browser, drawn again at each save.",
    "diff": "Show what changed between two specs: layers, costs, weights.",
    "emit": "Print the model as Python source.",
    "import": "Write the spec of a Keras model.",
    "layers": "List what a spec can name, or show the reference of one thing.",
    "lsp": "Serve editors, over standard input and output.",
    "explain": "Show the manual page of a diagnostic.",
    "schema": "Print the JSON Schema of specs, for editors.",
    "new": "Print a starter spec; list them without a name.",
    "doctor": "Compare the rules with the installed Keras.",
    "dump": "Print a stage of the compiler, for bug reports.",
}
"""What the commands do, so that the help imports none of them."""
FILES = {"import": "import_model"}
"""The file of a command, where it cannot have the command's name."""


class Commands(click.Group):
    """Imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__package__}.{FILES.get(cmd_name, cmd_name)}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ..language.scope import find_nearest

            near = find_nearest(args[0], COMMANDS)
            ctx.fail(f"there is no command `{args[0]}`" + (f"; did you mean `{near}`?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group("cnnlstm-spec", cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cnnlstm-spec", message="%(prog)s %(version)s")
def cli() -> None:
    """Compile YAML specs to Keras models."""


def main() -> None:
    """Runs the command line of this process, and ends it."""
    open_streams()
    interrupts.heed()
    # Importing makes some 80,000 objects that stay: circles among them are looked for after more than those.
    gc.set_threshold(200_000)
    status = run(sys.argv[1:])
    # What the command has come to stands: an interrupt while Python ends would end it without a word.
    interrupts.ignore()
    _end(status)


def _end(status: int) -> NoReturn:
    """Ends the process at once: all is written, and taking apart what it imported would take as long as a small spec.

    Processes that it has started are waited for.
    """
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is not None and multiprocessing.active_children():
        sys.exit(status)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of a command line."""
    # What TensorFlow logs of itself is no word of ours, of whatever command; processes that are started have it too.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        status = _invoke(arguments)
    except click.exceptions.Exit as end:
        status = end.exit_code
    except click.ClickException as error:
        note(_explain_error(error))
        return UNUSABLE
    except (click.Abort, KeyboardInterrupt):
        note("interrupted")
        return INTERRUPTED
    except (Unwritable, PathError) as error:
        note(f"Error: {error}")
        return UNUSABLE
    except Exception as error:
        return _report_crash(error, arguments)
    return status if isinstance(status, int) else 0


def _invoke(arguments: list[str]) -> object:
    """What a command gives. Not click's own `main`, which has its own words for an interrupt and for a broken pipe."""
    name = "cnnlstm-spec"
    if COMPLETION in os.environ:
        return cli.main(arguments, prog_name=name)
    with cli.make_context(name, arguments) as context:
        return cli.invoke(context)


def _report_crash(error: Exception, arguments: list[str]) -> int:
    """The status of what nobody has expected, which is told."""
    from ..compiler.backend import explain_failure
    from ..ir.program import Unbuildable

    if interrupts.was_interrupted():
        # What is interrupted may raise what it likes.
        note("interrupted")
        return INTERRUPTED
    if isinstance(error, Unbuildable):
        note(f"Error: {error}")
        return UNBUILDABLE
    if (failure := explain_failure(error)) is not None:
        note("\n".join(("Error: " + failure[0], *failure[1:])))
        return UNBUILDABLE
    if isinstance(error, OSError) and _writes_help(error):
        return _tell_unless_gone(error)
    _report_bug(arguments)
    return BUG


def _writes_help(error: OSError) -> bool:
    """Whether click has failed to print something, its help say; all else is printed by `terminal`."""
    return any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(error.__traceback__))


def _tell_unless_gone(error: OSError) -> int:
    """The status where standard output takes no more, which is told unless its reader has gone away."""
    try:
        fail_to_write(sys.stdout, error)
    except Unwritable as reason:
        note(f"Error: {reason}")
        return UNUSABLE
    return 0


def _explain_error(error: click.ClickException) -> str:
    """What click says of a mistake in the arguments, which may hold anything."""
    stream = StringIO()
    error.show(stream)
    return stream.getvalue().rstrip("\n")


def _report_bug(arguments: list[str]) -> None:
    import platform
    import shlex
    import traceback

    lines = traceback.format_exc(limit=-TRACEBACK_LINES).rstrip().splitlines()
    note(f"cnnlstm-spec {__version__} has a bug: this should not have happened, and is not your fault.")
    note("Please report it to the maintainers, with the spec and what follows.")
    note(f"\n  command: cnnlstm-spec {shlex.join(arguments)}")
    note(f"  Python {platform.python_version()} on {platform.system()}\n")
    note("\n".join(f"  {line}" for line in lines[-2 * TRACEBACK_LINES :]))
