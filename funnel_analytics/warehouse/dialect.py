"""The fragments of SQL that differ between engines, one class per engine."""

from __future__ import annotations

__all__ = ["DuckDBDialect"]


class DuckDBDialect:
    """What the portable queries need from DuckDB."""

    name = "duckdb"

    def seconds_between(self, earlier: str, later: str) -> str:
        """Seconds from one instant to a later one."""
        return f"date_diff('second', {earlier}, {later})"

    def quantile(self, value: str, share: str) -> str:
        """The exact (interpolated) quantile of a value."""
        return f"quantile_cont({value}, {share})"

    def double(self, value: str) -> str:
        """A value as a double."""
        return f"cast({value} as double)"

    def null_timestamp(self) -> str:
        """A missing instant that has a type."""
        return "cast(null as timestamp)"

    def days_before(self, instant: str, days: str) -> str:
        """The instant a number of days earlier."""
        return f"({instant} - {days} * interval 1 day)"

    def seconds_after(self, instant: str, seconds: str) -> str:
        """The instant a number of seconds later."""
        return f"({instant} + to_seconds({seconds}))"

    def end_of_day(self, starts_at: str) -> str:
        """The last instant of the agreement's day that begins at an instant (in naive UTC)."""
        local = f"timezone($timezone, timezone('UTC', {starts_at}))"
        ends = f"timezone('UTC', timezone($timezone, {local} + interval 1 day))"
        return f"({ends} - interval 1 microsecond)"

    def element(self, values: str, position: str | int) -> str:
        """The value of a list at a position that counts from 1."""
        return f"{values}[{position}]"

    def macros(self) -> dict[str, object]:
        """The fragments by the names that `.sql` files use."""
        return {
            name: getattr(self, name)
            for name in (
                "seconds_between",
                "quantile",
                "double",
                "null_timestamp",
                "days_before",
                "seconds_after",
                "end_of_day",
                "element",
            )
        }
