"""A user's own board: pictures of maps, all methods on a network of his own, and the report of it."""

from ecgbench.report._plot import plot

__all__ = ["plot"]
