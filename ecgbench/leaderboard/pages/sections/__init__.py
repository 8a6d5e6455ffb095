"""Sections of a dataset's page and of the overview."""
