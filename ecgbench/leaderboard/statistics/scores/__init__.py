"""Scores of windows, and what follows from them for each variant and metric: means, skill, gains, strata."""
