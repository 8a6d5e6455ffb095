"""How far orders of methods agree: of metrics, of datasets, of the anchor, of architectures."""
