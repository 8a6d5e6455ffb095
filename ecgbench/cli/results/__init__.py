"""Verbs that compute results, compare them with accepted ones, or show these."""
