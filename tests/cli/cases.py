"""What the tests of the command line run."""

SLICE = ("run", "--samples", "3", "--seeds", "1", "--method", "random_baseline", "--metric", "auc", "--metric", "pointing_game")
