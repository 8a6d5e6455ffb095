"""Simulated ECGs: rhythm, waves and findings whose truth is known, and in `databases` stand-ins for published records."""
