"""Export files in, canonical tables out: presets, strict reading, quarantine, load log."""

from funnel_analytics.sources.loading import LoadReport, load
from funnel_analytics.sources.preset import Preset, load_preset, preset_names

__all__ = ["LoadReport", "Preset", "load", "load_preset", "preset_names"]
