"""Models of other inputs and outputs than ours, brought to (n, leads, time) and logits (n, outputs)."""
