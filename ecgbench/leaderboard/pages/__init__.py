"""Pages as markdown, each from an analysis of accepted results."""
