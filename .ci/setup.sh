#!/bin/sh
# Makes the virtual environment, or brings it up to the lock file: sh .ci/setup.sh FOLDER [PYTHON]
# Called by `make setup`. Uses uv where it is there, else Python's own venv and pip.
set -eu

venv=$1
asked=${2:-}

say() { printf '%s\n' "$*"; }
stop() {
    printf '%s\n' "$@" >&2
    exit 1
}
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null || true; }

# Company networks are often read by a proxy whose certificate only the system knows.
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}"

uv=
if uv --version >/dev/null 2>&1; then uv=yes; fi

# The virtual environment that is there stays, if it still works and pip can be had.
if [ -e "$venv" ]; then
    if ! new_enough "$venv/bin/python" ||
        { [ -z "$uv" ] && ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
        say "Replacing $venv: it is incomplete or its Python is gone."
        rm -rf "$venv"
    fi
fi

if [ ! -e "$venv" ]; then
    python='' old='' bare=''
    for candidate in ${asked:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if ! new_enough "$candidate"; then
            found=$(version "$candidate")
            old="$old${found:+$candidate is $found. }"
        elif [ -z "$uv" ] && ! "$candidate" -c 'import ensurepip, venv' >/dev/null 2>&1; then
            bare=${bare:-$candidate}
        else
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ] && [ -n "$bare" ]; then
        stop "$bare ($(version "$bare")) cannot make virtual environments: it has no ensurepip." \
            "Debian and Ubuntu keep that in a package of its own. As root:" \
            "    apt-get install python3-venv" \
            "(or python3.12-venv and so on, after the Python's version), then run make again."
    fi
    if [ -z "$python" ]; then
        stop "Python 3.11 or newer is needed; none was found. ${old}" \
            "Install it (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv) and run" \
            "make again, or name it: make setup PYTHON=/path/to/python3.12"
    fi
    say "Making $venv with Python $(version "$python")."
    if [ -n "$uv" ]; then
        uv venv --quiet --python "$(command -v "$python")" "$venv"
    else
        "$python" -m venv "$venv"
    fi
fi

if [ -n "$uv" ]; then
    say "Installing the pinned dependencies with uv; the first time takes about half a minute."
    uv pip install --quiet --python "$venv/bin/python" --compile-bytecode \
        --require-hashes -r requirements.lock
    uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .
else
    say "Installing the pinned dependencies with pip; the first time takes one to three minutes."
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r requirements.lock
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation -e .
fi
