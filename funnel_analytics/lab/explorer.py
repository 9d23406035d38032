"""Choices of view, period, groups and mode that redraw a figure and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from funnel_analytics import plots, tables
from funnel_analytics.errors import CallError, FunnelError, MissingTableError, did_you_mean
from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.curves import conversion_curve
from funnel_analytics.metrics.flows import stage_flows
from funnel_analytics.metrics.forecast import expected_conversion
from funnel_analytics.metrics.reasons import loss_reasons
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.metrics.trend import conversion_trend
from funnel_analytics.periods import Period, month, parse_period, quarter, year
from funnel_analytics.results import Missing, Result, available
from funnel_analytics.segments import By
from funnel_analytics.warehouse import Warehouse
from funnel_analytics.wording import Notice, Words, notice, words_in

__all__ = ["Explorer", "explore"]

_MODES = ("at_least", "ordered", "strict")


@dataclass(frozen=True)
class _View:
    """A question that can be chosen: its metric, and how its answer is shown."""

    metric: Callable[..., Result]
    span: str
    has_mode: bool
    figure: Callable[..., Any]
    table: Callable[..., Any]
    figure_by: Callable[..., Any] | None = None


_VIEWS: Mapping[str, _View] = {
    "conversion": _View(
        stage_conversion,
        "cohort",
        True,
        plots.funnel,
        tables.conversion,
        plots.conversion_heat_map,
    ),
    "trend": _View(
        conversion_trend, "cohort", True, plots.conversion_trend, tables.conversion_trend
    ),
    "curve": _View(
        conversion_curve, "cohort", False, plots.conversion_curve, tables.conversion_curve
    ),
    "expected": _View(
        expected_conversion, "cohort", False, plots.expected_conversion, tables.expected_conversion
    ),
    "flows": _View(stage_flows, "period", False, plots.stage_flows, tables.stage_flows),
    "reasons": _View(loss_reasons, "period", False, plots.loss_reasons, tables.loss_reasons),
    "time_in_stage": _View(
        time_in_stage, "cohort", False, plots.time_in_stage, tables.time_in_stage
    ),
}


class Explorer:
    """Choices of view, period, groups and mode above the figure and the table that they ask for.

    A notebook shows it as it is. `result` is the answer on show; `choices` are the lists by name.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        period: Period,
        by: Sequence[str],
        mode: str,
        words: Words,
    ) -> None:
        import ipywidgets

        self._warehouse = warehouse
        self._words = words
        self._answer: Result | Missing | None = None
        self._said = ""
        self._attributes = sorted(
            (words.attribute_label(each), each) for each in {*warehouse.attributes(), *by}
        )
        first, second = [*by, None, None][:2]
        lists: Mapping[str, tuple[Sequence[tuple[str, Any]], Any]] = {
            "view": ([(words.say(f"lab.view_{each}"), each) for each in _VIEWS], "conversion"),
            "period": (_periods(warehouse, period, words), period),
            "by": ([(words.say("segment.all"), None), *self._attributes], first),
            "second": (self._seconds(first), second),
            "mode": ([(words.say(f"lab.mode_{each}"), each) for each in _MODES], mode),
        }
        self.choices = {
            name: ipywidgets.Dropdown(
                options=options, value=value, description=words.say(f"lab.{name}")
            )
            for name, (options, value) in lists.items()
        }
        self._shown = ipywidgets.Output()
        self._box = ipywidgets.VBox(
            [
                ipywidgets.HBox(
                    list(self.choices.values()), layout=ipywidgets.Layout(flex_flow="row wrap")
                ),
                self._shown,
            ]
        )
        for name, each in self.choices.items():
            each.observe(self._regroup if name == "by" else self._redraw, names="value")
        self._redraw()

    @property
    def result(self) -> Result:
        """The answer on show, to go on with or to save.

        Raises
        ------
        CallError
            What is chosen has no answer; a sentence in its place says why.
        """
        if isinstance(self._answer, Result):
            return self._answer
        raise CallError(f"What is chosen has no answer. {self._said}".rstrip())

    def _seconds(self, by: str | None) -> list[tuple[str, str | None]]:
        """What leads can be split by besides: nothing, or another attribute than the first."""
        others = [each for each in self._attributes if by and each[1] != by]
        return [(self._words.missing, None), *others]

    def _regroup(self, _: Any) -> None:
        by, second = self.choices["by"].value, self.choices["second"]
        kept = second.value
        second.unobserve(self._redraw, names="value")
        second.options = self._seconds(by)
        if kept in [value for _, value in second.options]:
            second.value = kept
        second.observe(self._redraw, names="value")
        self._redraw()

    def _redraw(self, _: Any = None) -> None:
        from IPython.display import display

        self._answer, self._said = None, ""
        self._shown.clear_output(wait=True)
        with self._shown:
            display(*self._drawn())

    def _drawn(self) -> list[Any]:
        """Ask what is chosen; returns what there is to show."""
        chosen = {name: choice.value for name, choice in self.choices.items()}
        view = _VIEWS[chosen["view"]]
        self.choices["mode"].disabled = not view.has_mode
        self.choices["second"].disabled = not chosen["by"]
        by = (chosen["by"], chosen["second"]) if chosen["second"] else chosen["by"]
        asked = {view.span: chosen["period"], "by": by}
        if view.has_mode:
            asked["mode"] = chosen["mode"]
        figure = view.figure_by if by and view.figure_by else view.figure
        language = self._words.language
        try:
            answer = available(view.metric, self._warehouse, **asked)
            if isinstance(answer, Missing):
                drawn: list[Any] = [notice(answer, language=language)]
            else:
                drawn = [show(answer, language=language) for show in (figure, view.table)]
        except FunnelError as error:  # such as a period that had not begun: it stays on show
            self._said = str(error)
            return [Notice(self._said)]
        self._answer = answer
        self._said = str(answer) if isinstance(answer, Missing) else ""
        return drawn

    def _repr_mimebundle_(self, **more: Any) -> Any:
        return self._box._repr_mimebundle_(**more)


def explore(
    warehouse: Warehouse,
    *,
    period: Period | str | None = None,
    by: By | None = None,
    mode: str = "at_least",
    language: str | None = None,
) -> Explorer:
    """Which period, groups and mode shall be drawn?

    Parameters
    ----------
    warehouse
        An open warehouse; it has to stay open.
    period, by, mode
        What is chosen at first: by default all days, all leads, and at least. `by` is an attribute
        or a pair of them; where no lead has a value for it, a sentence says so.
    language
        `"de"` or `"en"`; by default the agreement's.

    Returns
    -------
    Explorer
        To show in a notebook. Its `result` is what the choices ask for at the moment:
        `explorer.result.save("answer.xlsx")`.

    Raises
    ------
    CallError
        The period, an attribute, the mode or the language is unknown, or there are more than two
        attributes, or one twice.
    """
    if mode not in _MODES:
        raise CallError(
            f"There is no mode '{mode}'.{did_you_mean(mode, _MODES)} Modes: {', '.join(_MODES)}."
        )
    first = parse_period(period) if isinstance(period, str) else period
    names = [by] if isinstance(by, str) else list(by or ())
    for name in names:
        with suppress(MissingTableError):  # said in place of the figure; others can be chosen
            warehouse.attribute(name)
    if len(names) > 2 or len(set(names)) < len(names):
        raise CallError(f"Choose one attribute, or two different ones; not {', '.join(names)}.")
    return Explorer(
        warehouse,
        period=first or warehouse.everything(),
        by=names,
        mode=mode,
        words=words_in(language or warehouse.agreement.language),
    )


def _periods(warehouse: Warehouse, first: Period, words: Words) -> list[tuple[str, Period]]:
    """What can be chosen: all days, then years, quarters and months, the latest first."""
    everything = warehouse.everything()
    months = [month(each.label) for each in reversed(everything.months())]
    quarters = [quarter(f"{each.start.year}-Q{(each.start.month + 2) // 3}") for each in months]
    years = [year(f"{each.start.year}") for each in months]
    found = dict.fromkeys([first, everything, everything.trailing(12), *years, *quarters, *months])
    return [(words.period(each.label), each) for each in found]
