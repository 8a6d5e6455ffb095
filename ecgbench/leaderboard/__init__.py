"""Leaderboards: pages, figures and a static site drawn from accepted results, and what changed between two sets of results."""

from __future__ import annotations

from ecgbench.leaderboard._changes import changes
from ecgbench.leaderboard._changes_page import changes_page
from ecgbench.leaderboard._revision import unpack_revision
from ecgbench.leaderboard._write import check_pages, render, write_pages
from ecgbench.leaderboard.site import write_site

__all__ = ["changes", "changes_page", "check_pages", "render", "unpack_revision", "write_pages", "write_site"]
