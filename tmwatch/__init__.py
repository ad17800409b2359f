"""tmwatch watches public trade mark registers and tells the right person when a filing changes."""

__version__ = "0.1.0"
