"""The canonical tables: sources fill them, marts read them; one row is named in `grain`."""

from funnel_analytics.schema.model import Column, Kind, Table
from funnel_analytics.schema.tables import TABLES

__all__ = ["TABLES", "Column", "Kind", "Table"]
