"""What accepted results say: rankings, intervals, groups, agreement. Knows nothing of pages."""
