"""Weights on disk: files that anybody may have made are read and checked before a network is filled with them."""
