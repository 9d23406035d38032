"""Reads export files record by record: containers, kinds, encodings, headers, line numbers.

Nothing is sniffed into the warehouse. Every record ends up in a clean copy, which the engine reads
back as text, or among the rejected ones with its line and reason, or among the export's totals.
"""

from funnel_analytics.sources.reading.containers import literal_path, members, sha256_of
from funnel_analytics.sources.reading.model import (
    TYPED,
    CleanCopy,
    HeaderError,
    Layout,
    Member,
    Rejected,
    Total,
    Wants,
)
from funnel_analytics.sources.reading.reader import header_of, read_member

__all__ = [
    "TYPED",
    "CleanCopy",
    "HeaderError",
    "Layout",
    "Member",
    "Rejected",
    "Total",
    "Wants",
    "header_of",
    "literal_path",
    "members",
    "read_member",
    "sha256_of",
]
