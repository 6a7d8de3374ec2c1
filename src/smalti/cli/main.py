"""The command ``smalti``: finds the subcommand, and turns every end into its exit code.

0 done; 2 what the user can mend; 1 the machine failed; 130 Ctrl-C; 143 SIGTERM.
"""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence

import click

from smalti.errors import SmaltiError, unknown
from smalti.version import __version__

COMMANDS = {
    "train": "Train a classifier on a data set, a folder of pictures or an .npz file.",
    "evaluate": "Measure finished runs on their test pictures.",
    "compare": "Say what a choice is worth: several ways of training in one table.",
    "predict": "Say what is on pictures.",
    "explain": "Draw what a classifier looks at on pictures.",
    "stress": "Say how a classifier breaks: worse and worse pictures, and attacks.",
    "report": "Write a run's one-file report.",
    "export": "Write a run's classifier as a file for other programs.",
    "runs": "List the runs in a folder.",
    "recipes": "List the named recipes, their values and every field.",
    "models": "List the networks, or one network's layers.",
    "data": "List, fetch, check and show data sets.",
    "doctor": "Look for what is wrong: on this machine, in a run, in a data set.",
}

TRY_THIS = """\
Five commands to try:

  smalti train digits                     seconds; needs no download
  smalti train mnist                      99.5 %; a minute on two cores
  smalti train FOLDER                     your own pictures, a folder a class
  smalti evaluate runs/digits-cnn-0       accuracy with its interval
  smalti report runs/digits-cnn-0         a page to look at

All commands: smalti --help
"""


class Commands(click.Group):
    """The subcommands, each imported only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"smalti.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise unknown("command", args[0], COMMANDS, "smalti --help")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        click.echo(f"smalti {__version__}")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Show the version.",
)  # fmt: skip
@click.pass_context
def program(ctx: click.Context) -> None:
    """Train, check and use classifiers for small images."""
    if ctx.invoked_subcommand is None:
        click.echo(TRY_THIS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with the exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(arguments))


class _Terminated(KeyboardInterrupt):
    """SIGTERM: everything ends as after Ctrl-C, and drafts and child processes are cleared away."""


def _terminated(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the second one ends at once
    raise _Terminated


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    from smalti.cli.saying import say_aloud

    say_aloud()
    try:
        result = program.main(
            list(arguments) if arguments is not None else None,
            prog_name="smalti",
            standalone_mode=False,
        )
    except SmaltiError as error:
        click.echo(f"error: {_printable(error.problem)}", err=True)
        if error.hint:
            click.echo(f"       {_printable(error.hint)}", err=True)
        return error.exit_code
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort) as stopped:
        click.echo("Stopped.", err=True)
        # click passes an interrupt on as the cause of an Abort.
        return 143 if isinstance(stopped.__cause__ or stopped, _Terminated) else 130
    except BrokenPipeError:
        # The reader of a pipe went away (| head): nothing is wrong.
        sys.stderr.close()
        return 0
    except (OSError, MemoryError) as error:
        click.echo(f"error: {_machine_failure(error)}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _printable(text: str) -> str:
    """Return a text without control characters: a name in somebody's file could hold some."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "�" for sign in text)


def _machine_failure(error: OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return "Out of memory."
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}."
