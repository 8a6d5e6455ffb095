"""Residual networks in one dimension: the network, and what every entry of them declares; `ecgbench.models.fast` evaluates them faster."""
