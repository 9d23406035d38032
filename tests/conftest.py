"""Fixtures that every test may use, and the guard that keeps tests off the network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from funnel_analytics.sources import load
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("fixed")

_LOCAL = ("127.0.0.1", "::1", "localhost", "")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A key file of the tests' own: no test reads or writes the key of whoever runs it."""
    path = tmp_path_factory.mktemp("key") / "key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUNNEL_KEY_FILE", str(path))
        yield path


@pytest.fixture
def warehouse_of(tmp_path: Path) -> Iterator[Callable[..., Warehouse]]:
    """`warehouse_of({"lead": [...], …}, agreement=…, as_of=…)` builds and opens a warehouse."""
    opened: list[Warehouse] = []

    def build(tables: dict[str, Any], **arguments: Any) -> Warehouse:
        warehouse = build_warehouse(tmp_path / f"w{len(opened)}.duckdb", tables, **arguments)
        opened.append(warehouse)
        return warehouse

    yield build
    for warehouse in opened:
        warehouse.close()


@pytest.fixture(scope="session")
def sample_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed sample company as a warehouse."""
    folder = Path(__file__).parents[1] / "data" / "sample"
    database = tmp_path_factory.mktemp("sample") / "sample.duckdb"
    load(
        [folder],
        preset="sample",
        database=database,
        agreement=folder / "agreement.toml",
        as_of=date(2026, 11, 1),
    )
    return database


@pytest.fixture(scope="session")
def olist_database(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Olist's real funnel as a warehouse."""
    database = tmp_path_factory.mktemp("olist") / "olist.duckdb"
    load([shared_data / "olist_funnel"], preset="olist", database=database)
    return database


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real exports; tests that need it are skipped where it is not there."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real exports are not on this machine (looked for ../shared/data)")
    return folder
