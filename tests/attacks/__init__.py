"""Attacks on what the project promises: kills, forgeries, damage, malformed input; seeds are fixed and tries bounded in number."""
