"""`python -m local demo` and `python -m local serve`, with errors that say what to do."""

import argparse
import signal
import sys

from rich.console import Console

from cli.problems import InputError
from local.cdk_cli import CdkError
from local.demo import demo
from local.serve import serve
from workloads.loading import SettingsError

COMMANDS = {"demo": demo, "serve": serve}


def main(arguments: list[str]) -> int:
    """Run a command; 0 if all of it held, 1 if something failed, 2 if the input was wrong."""
    parser = argparse.ArgumentParser(prog="python -m local", allow_abbrev=False)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--workloads", default="", help="names with blanks or commas, or all")
    asked = parser.parse_args(arguments)
    # a shell that starts us in the background has it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        COMMANDS[asked.command](asked.workloads, console)
    except (InputError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except (CdkError, RuntimeError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
