"""Leaderboards: pages, figures and a static site drawn from accepted results, and what changed between two sets of results."""

from __future__ import annotations

from ecgbench.leaderboard.compare.changes import changes
from ecgbench.leaderboard.compare.page import changes_page
from ecgbench.leaderboard.compare.revision import unpack_revision
from ecgbench.leaderboard.site.build import write_site
from ecgbench.leaderboard.write import check_pages, render, write_pages

__all__ = ["changes", "changes_page", "check_pages", "render", "unpack_revision", "write_pages", "write_site"]
