"""pyproject.toml, requirements.lock and environment.yml say the same."""

from __future__ import annotations

import ast
import re
import sys
from typing import Any

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.project.tree import ROOT, pyproject, python_files

_PIN = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;\\]+)(?:\s*;\s*(?P<marker>[^\\]+))?"
)
_PYTHONS = ("3.11", "3.12", "3.13")
_PLATFORMS = (
    ("linux", "Linux", "posix"),
    ("darwin", "Darwin", "posix"),
    ("win32", "Windows", "nt"),
)


def lock_text() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def pins(text: str) -> list[dict[str, Any]]:
    """One entry per pinned package: name, version, marker and number of hashes."""
    found: list[dict[str, Any]] = []
    for line in text.splitlines():
        pin = _PIN.match(line)
        if pin:
            found.append({**pin.groupdict(), "hashes": 0})
        elif line.strip().startswith("--hash=sha256:"):
            found[-1]["hashes"] += 1
        else:
            assert not line.strip() or line.strip().startswith("#"), line
    return found


def machines() -> list[dict[str, str]]:
    return [
        {
            "python_version": python,
            "python_full_version": f"{python}.5",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "platform_machine": "x86_64",
            "platform_release": "",
            "platform_version": "",
            "sys_platform": system,
            "platform_system": name,
            "os_name": kind,
            "implementation_version": f"{python}.5",
        }
        for python in _PYTHONS
        for system, name, kind in _PLATFORMS
    ]


def wanted() -> list[Requirement]:
    project = pyproject()["project"]
    build = pyproject()["build-system"]["requires"]
    extras = project["optional-dependencies"]["dev"]
    return [Requirement(text) for text in [*project["dependencies"], *extras, *build]]


def test_every_package_in_the_lock_has_hashes():
    found = pins(lock_text())
    assert len(found) > 50
    assert [pin["name"] for pin in found if not pin["hashes"]] == []


def test_the_lock_names_no_address():
    for line in lock_text().splitlines():
        assert "://" not in line
        assert not re.match(r"\s*(-i |-f |--(extra-)?index-url|--find-links)", line)


@pytest.mark.parametrize("requirement", wanted(), ids=lambda each: each.name)
def test_the_lock_satisfies_pyproject_on_every_machine(requirement: Requirement):
    found = [pin for pin in pins(lock_text()) if pin["name"] == canonicalize_name(requirement.name)]
    for machine in machines():
        here = [
            pin for pin in found if not pin["marker"] or Marker(pin["marker"]).evaluate(machine)
        ]
        assert len(here) == 1, f"{requirement.name} on {machine['sys_platform']}: run `make lock`"
        assert requirement.specifier.contains(Version(here[0]["version"]), prereleases=True), (
            f"{requirement} is pinned to {here[0]['version']}: run `make lock`"
        )


def test_what_the_lock_holds_directly_is_what_pyproject_asks_for():
    # uv notes under each pin who asked for it: "# via funnel-analytics (pyproject.toml)".
    direct = set()
    name = ""
    for line in lock_text().splitlines():
        pin = _PIN.match(line)
        name = pin["name"] if pin else name
        if line.strip().startswith("#") and "funnel-analytics" in line:
            direct.add(name)
    project = pyproject()["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    assert direct == {canonicalize_name(Requirement(text).name) for text in asked}


def test_environment_for_conda_is_python_and_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [each for each in environment["dependencies"] if isinstance(each, str)]
    nested = [each for each in environment["dependencies"] if not isinstance(each, str)]
    floor = pyproject()["project"]["requires-python"]
    assert environment["channels"] == ["conda-forge"]
    assert environment["name"] == pyproject()["project"]["name"].replace("-", "_")
    assert sorted(plain) == ["make", "pip", f"python{floor}"]
    assert nested == [{"pip": ["-r requirements.lock"]}]


def test_the_python_floor_is_one_everywhere():
    floor = SpecifierSet(pyproject()["project"]["requires-python"])
    assert "3.11" in floor
    assert "3.10" not in floor
    tools = pyproject()["tool"]
    assert tools["ruff"]["target-version"] == "py311"
    assert tools["mypy"]["python_version"] == "3.11"
    assert "--python-version 3.11" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "(3, 11)" in (ROOT / ".ci" / "setup.sh").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8")
    for text in pyproject()["project"]["dependencies"]:
        name = canonicalize_name(Requirement(text).name)
        assert re.search(rf"\b{re.escape(name)}\b", reasons), f"{name}: why do we need it?"


_IMPORT_OF = {"ipython": "IPython", "pyyaml": "yaml"}
_NOT_IMPORTED = {
    "ipykernel",  # started by name, as the kernel of a report
    "jupyterlab",  # started by `make lab`
    "statsmodels",  # for the analysts in their notebooks
    "tzdata",  # read by zoneinfo
}


def imported(*folders: str) -> set[str]:
    """The top names that some folders import, the standard library's left out."""
    found = set()
    for path in python_files(*folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
    ours = {"benchmarks", "funnel_analytics", "tests"}
    return found - set(sys.stdlib_module_names) - ours


def import_names(requirements: list[str]) -> set[str]:
    names = {canonicalize_name(Requirement(text).name) for text in requirements}
    return {_IMPORT_OF.get(name, name.replace("-", "_")) for name in names}


def test_the_package_imports_what_it_declares_and_no_more():
    declared = import_names(pyproject()["project"]["dependencies"])
    used = imported("funnel_analytics")
    assert used - declared == set(), "declare it under dependencies, then `make lock`"
    assert declared - used - _NOT_IMPORTED == set(), "nothing imports it: drop it, `make lock`"


def test_tests_and_benchmarks_import_only_what_is_declared():
    project = pyproject()["project"]
    declared = import_names([*project["dependencies"], *project["optional-dependencies"]["dev"]])
    assert imported("tests", "benchmarks") - declared == set()
