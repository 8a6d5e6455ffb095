"""The tables that a run ends with."""
