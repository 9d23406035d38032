"""`python -m funnel_analytics.cli` is `funnel`."""

from funnel_analytics.cli import main

if __name__ == "__main__":
    main()
