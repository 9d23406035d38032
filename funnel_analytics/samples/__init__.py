"""A seeded company whose true answers are known, as ordinary export files."""

from funnel_analytics.samples.company import write_sample

__all__ = ["write_sample"]
