"""Kinds of devices, as torch calls them; known here without torch, so that a command line is read before it is imported."""

PROCESSOR = "cpu"
"""The kind of device whose values are not told from others by the device's name: keys of before there were others say nothing of it."""

CARD = "cuda"
"""The kind that chooses among algorithms by time, and rounds float32 unless it is told not to."""

KINDS = (PROCESSOR, CARD, "mps", "xpu")
"""Those that values may have been computed on."""
