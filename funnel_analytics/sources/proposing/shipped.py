"""Which exports a shipped preset knows already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from funnel_analytics.sources.headers import bind
from funnel_analytics.sources.preset import Preset, load_preset, preset_names

__all__ = ["known_exports", "platform_of"]

_LEAST = 4
_TITLES = {
    "salesforce": "Salesforce",
    "hubspot": "HubSpot",
    "pipedrive": "Pipedrive",
    "ga4": "GA4",
    "google_ads": "Google Ads",
    "meta_ads": "Meta Ads",
    "linkedin_ads": "LinkedIn Ads",
}


def known_exports(files: Iterable[tuple[str, Sequence[str]]]) -> list[str]:
    """Which files, given by name and header, are exports that a shipped preset is made for.

    A header fits as it does when a file is loaded, by at least four columns. Of a file whose name
    the preset does not know, half of them must be spelled exactly so.
    """
    named: dict[str, list[str]] = {}
    others: dict[str, list[tuple[str, str]]] = {}
    for name, header in files:
        preset, pattern = _known(name, header)
        if pattern:
            others.setdefault(preset, []).append((name, pattern))
        elif preset:
            named.setdefault(preset, []).append(name)
    lines = []
    for preset in dict.fromkeys([*named, *others]):
        title = _TITLES.get(preset, preset)
        known = [*named.get(preset, ()), *(name for name, _ in others.get(preset, ()))]
        renamed = "; ".join(
            f"name {name} so that it fits '{pattern}'" for name, pattern in others.get(preset, ())
        )
        lines.append(
            f"These look like {title} exports: use --preset {preset} ({', '.join(known)})."
            + (f" First {renamed}." if renamed else "")
        )
    return lines


def platform_of(name: str, header: Sequence[str]) -> str:
    """The advertising platform whose cost report this is, as its preset names the channel."""
    preset, _ = _known(name, header)
    return _TITLES[preset] if preset.endswith("_ads") else ""


def _known(name: str, header: Sequence[str]) -> tuple[str, str]:
    """The one preset that knows an export best, and a name pattern of it if the name fits none."""
    found = [
        (exact, bound, preset.name, pattern)
        for preset in _shipped()
        for exact, bound, pattern in [_likeness(preset, name, header)]
        if bound >= _LEAST and (not pattern or exact >= max(_LEAST, len(header) / 2))
    ]
    best = [each for each in found if each[:2] == max(found)[:2]]
    if len(best) != 1:
        return "", ""
    ((_, _, preset, pattern),) = best
    return preset, pattern


@cache
def _shipped() -> tuple[Preset, ...]:
    return tuple(load_preset(name) for name in preset_names())


def _likeness(preset: Preset, name: str, header: Sequence[str]) -> tuple[int, int, str]:
    """How many columns the preset reads, by their exact name and in all.

    The third is a name pattern of it, if this name fits none.
    """
    fitting = [rule for rule in preset.files if rule.matches(name)]
    rules = fitting or preset.files
    bound: set[str] = set()
    exact: set[str] = set()
    pattern = ""
    most = 0
    for rule in rules:
        binding = bind(rule, header)
        if not binding.fits:
            continue
        bound |= binding.headers
        exact |= binding.headers & rule.spellings
        if not fitting and len(binding.headers) > most:
            most, pattern = len(binding.headers), rule.patterns[0]
    return len(exact), len(bound), pattern
