"""`python -m local demo` and `python -m local serve`, with errors that say what to do."""

import signal
import sys

from rich.console import Console

from local.cdk_cli import CdkError
from local.demo import demo
from local.serve import serve
from workloads.loading import SettingsError

COMMANDS = {"demo": demo, "serve": serve}


def main(arguments: list[str]) -> int:
    """Run a command; 0 if all of it held, 1 if something failed, 2 if the input was wrong."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: python -m local {' | '.join(COMMANDS)}", file=sys.stderr)
        return 2
    # a shell that starts us in the background has it ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    console = Console(highlight=False)
    try:
        COMMANDS[arguments[0]](console)
    except SettingsError as error:
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
