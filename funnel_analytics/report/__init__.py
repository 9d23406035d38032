"""Notebook and parameters → HTML, PDF, XLSX and a record of the run.

The only place that imports papermill and nbconvert, and only when a report is rendered.
"""

from funnel_analytics.report.notebooks import find_notebook
from funnel_analytics.report.parameters import Parameter, notebook_parameters
from funnel_analytics.report.rendering import Rendered, render

__all__ = ["Parameter", "Rendered", "find_notebook", "notebook_parameters", "render"]
