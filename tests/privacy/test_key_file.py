"""Where the key lies: made once, closed to others, never inside a repository."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.privacy import find_key, key_path

needs_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "settings" / "key"
    monkeypatch.setenv("FUNNEL_KEY_FILE", str(file))
    return file


def test_a_key_is_made_when_first_needed_and_found_again(path: Path) -> None:
    key = find_key(create=True)
    assert find_key(create=False) == find_key(create=True) == key
    assert [each.name for each in path.parent.iterdir()] == ["key"]
    assert key.secret.hex() in path.read_text(encoding="ascii")
    path.unlink()
    assert find_key(create=True) != key


@needs_modes
def test_a_new_key_is_its_owners_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        find_key(create=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_loads_that_begin_at_once_make_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: find_key(create=True), range(32)))
    assert len({key.secret for key in keys}) == 1
    assert [each.name for each in path.parent.iterdir()] == ["key"]


def test_a_missing_key_is_not_made_where_it_would_open_nothing(path: Path) -> None:
    with pytest.raises(CallError, match=r"There is no key file .*a lost key cannot be made again"):
        find_key(create=False)
    assert not path.parent.exists()


@needs_modes
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    find_key(create=True)
    path.chmod(mode)
    with pytest.raises(CallError, match=rf"\(mode {mode:04o}\)\. Close it with: chmod 600"):
        find_key(create=True)
    path.chmod(0o400)
    find_key(create=True)


@pytest.mark.parametrize("mark", ["folder", "file"])  # a worktree's .git is a file
def test_a_key_in_a_repository_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    (tmp_path / ".git").mkdir() if mark == "folder" else (tmp_path / ".git").touch()
    monkeypatch.setenv("FUNNEL_KEY_FILE", str(tmp_path / "deep" / "key"))
    with pytest.raises(CallError, match="lies in the git repository"):
        find_key(create=True)
    assert not (tmp_path / "deep").exists()


@pytest.mark.parametrize("content", ["", "# only words\n", "abc", "0" * 63, "g" * 64, "ä" * 64])
def test_a_file_without_a_key_is_named(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(CallError, match="holds no key: a key is 64 hexadecimal digits"):
        find_key(create=True)


def test_a_folder_in_the_place_of_the_key_is_named(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(CallError, match="cannot be used"):
        find_key(create=True)


def test_without_the_variable_the_key_lies_in_the_settings_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in ("", "   "):
        monkeypatch.setenv("FUNNEL_KEY_FILE", given)
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setenv("APPDATA", str(tmp_path))
        assert key_path() == tmp_path / "funnel_analytics" / "key"
    monkeypatch.setenv("FUNNEL_KEY_FILE", "~/secrets/key")
    assert key_path() == Path.home() / "secrets" / "key"
