"""Leaderboards: markdown pages drawn from accepted results, without data, models or torch."""

from __future__ import annotations

from ecgbench.leaderboard._write import check_pages, render, write_pages

__all__ = ["check_pages", "render", "write_pages"]
