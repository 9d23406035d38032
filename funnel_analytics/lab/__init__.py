"""For notebooks that somebody works in: choices that redraw, tables that sort and filter.

Reports use none of this. Everything works without a network.
"""

from funnel_analytics.lab.browsing import browse
from funnel_analytics.lab.explorer import Explorer, explore

__all__ = ["Explorer", "browse", "explore"]
