"""Maps that somebody hands in: packing them, reading them as a stranger's, scoring them."""
