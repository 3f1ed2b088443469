"""Just-in-time AWS access that lives in a GitHub repository."""

__version__ = "0.2.0"
