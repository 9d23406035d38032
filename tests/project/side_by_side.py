"""Runs commands at the same time: `python tests/project/side_by_side.py COMMAND [-- COMMAND]…`.

What each one says is shown whole, in the order given, as soon as all before it have ended. Every
command runs to its end; the exit code is that of the first one that failed, or 0.
"""

import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby


def run(command: list[str]) -> tuple[int, str]:
    """A command's exit code, and what it said on both channels."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.returncode, done.stdout


def main(arguments: list[str]) -> int:
    """0 if all commands succeed."""
    commands = [
        list(words) for is_end, words in groupby(arguments, lambda word: word == "--") if not is_end
    ]
    first = 0
    with ThreadPoolExecutor(max(len(commands), 1)) as side_by_side:
        for command, (code, said) in zip(commands, side_by_side.map(run, commands), strict=True):
            sys.stdout.write(f"{shlex.join(command)}\n{said}")
            sys.stdout.flush()
            first = first or code
    return first


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
