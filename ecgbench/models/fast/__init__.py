"""The residual networks' own evaluator: without dead channels, computing only what a perturbation changes."""
