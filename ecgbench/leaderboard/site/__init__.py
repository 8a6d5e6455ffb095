"""The pages as a static site."""
