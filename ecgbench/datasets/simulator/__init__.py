"""Simulated ECGs, and simulated stand-ins for databases in the form in which those are published."""
