"""Where the key lies: in a file of its user's, outside of every repository."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path

from funnel_analytics.errors import CallError
from funnel_analytics.privacy.key import Key

__all__ = ["KEY_VARIABLE", "find_key", "key_path"]

KEY_VARIABLE = "FUNNEL_KEY_FILE"
_HEADER = (
    "# The key of funnel_analytics. Who has it can say whose pseudonym is whose: keep it to\n"
    "# yourself, keep a copy in a safe place, and never next to a warehouse or in a repository.\n"
)
_SECRET = re.compile(r"[0-9a-fA-F]{64}")


def key_path() -> Path:
    """The file that `FUNNEL_KEY_FILE` names, else `key` in the user's settings folder."""
    named = os.environ.get(KEY_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("APPDATA") if os.name == "nt" else os.environ.get("XDG_CONFIG_HOME")
    settings = Path(base) if base and Path(base).is_absolute() else Path.home() / ".config"
    return settings / "funnel_analytics" / "key"


def find_key(*, create: bool) -> Key:
    """The key of this user.

    Parameters
    ----------
    create
        Make a key where there is none, of 32 random bytes and readable by its owner alone. Without
        it, a missing key is an error: a new one would open nothing.

    Raises
    ------
    CallError
        There is no key, the file holds none, lies in a git repository, or others may read it.
    """
    path = key_path()
    _refuse_repository(path)
    try:
        if create and not path.exists():
            _create(path)
        return Key(_secret(path))
    except FileNotFoundError as error:
        raise CallError(
            f"There is no key file {path}. Name the file of the key that the warehouse was loaded "
            f"with in {KEY_VARIABLE}, or restore your copy of it; a lost key cannot be made again."
        ) from error
    except UnicodeDecodeError as error:
        raise CallError(_no_key(path)) from error
    except OSError as error:
        raise CallError(
            f"The key file {path} cannot be used: {error.strerror or error}. "
            f"Mend that, or name another file in {KEY_VARIABLE}."
        ) from error


def _secret(path: Path) -> bytes:
    with path.open(encoding="ascii") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name != "nt" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise CallError(
                f"Others may read the key file {path} (mode {stat.S_IMODE(mode):04o}). "
                f"Close it with: chmod 600 '{path}'"
            )
        lines = [line.strip() for line in file if not line.startswith("#")]
    text = "".join(lines)
    if not _SECRET.fullmatch(text):
        raise CallError(_no_key(path))
    return bytes.fromhex(text)


def _no_key(path: Path) -> str:
    return (
        f"{path} holds no key: a key is 64 hexadecimal digits. Restore your copy of it, or name "
        f"another file in {KEY_VARIABLE}."
    )


def _create(path: Path) -> None:
    """Write a new key; two loads that begin at once end up with the same one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{_HEADER}{secrets.token_hex(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another load was quicker; its key is the key
    finally:
        draft.unlink(missing_ok=True)


def _refuse_repository(path: Path) -> None:
    for folder in path.resolve().parents:
        if (folder / ".git").exists():
            raise CallError(
                f"The key file {path} lies in the git repository {folder}, where it could be "
                f"committed. Move it out, or name another file in {KEY_VARIABLE}."
            )
