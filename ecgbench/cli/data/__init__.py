"""Verbs that deal with what lies on the disk: records, simulated records and the store."""
