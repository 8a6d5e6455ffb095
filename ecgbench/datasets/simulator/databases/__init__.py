"""Simulated stand-ins for databases: their records, and how they are written in the form in which a database is published."""
