"""Relevance and rescale rules by operation, and the calls of functions that they apply to."""
