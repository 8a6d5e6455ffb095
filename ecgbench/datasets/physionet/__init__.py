"""Fetching a database's files and checking them against its published sums."""
