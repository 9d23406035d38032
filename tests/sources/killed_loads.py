"""Loads in processes of their own that can be killed: `python killed_loads.py` is their parent.

The parent imports everything once and forks a load per line of its input, since a fresh start of
Python takes longer than the load itself. A line is JSON: the arguments of `load`, and the step
before or after which the load kills itself, if any. It answers with the process id; a further line
asks it to wait for that process to end, so that the id is nobody else's until then.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from funnel_analytics.errors import FunnelError
from funnel_analytics.sources import building, load, loading, locking

STEPS = {
    "create_tables": building,
    "carry_over": building,
    "stage_member": building,
    "supersede": building,
    "build_marts": building,
    "store_info": building,
    "put_in_place": loading,
    "_to_disk": locking,
}


def deadly(function: Callable[..., Any], *, when: str) -> Callable[..., Any]:
    """The function, but its caller does not live to see it begin, or end."""

    def killed(*arguments: Any, **named: Any) -> Any:
        if when == "after":
            function(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return killed


def main() -> None:
    while line := sys.stdin.readline():
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            run(request)
        answer(str(child))
        sys.stdin.readline()
        os.waitpid(child, 0)
        answer("end")


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(request: dict[str, Any]) -> None:
    """Load and be gone: a fork must never return into its parent's loop."""
    code = 1
    try:
        if request.get("step"):
            module = STEPS[request["step"]]
            function = getattr(module, request["step"])
            setattr(module, request["step"], deadly(function, when=request["when"]))
        load([Path(each) for each in request["paths"]], **request["options"])
        code = 0
    except FunnelError as error:
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
