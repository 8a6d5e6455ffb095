"""What changed between two sets of accepted results."""
