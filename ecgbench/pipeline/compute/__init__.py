"""What a run computes: models, explained windows, maps, health, scores, each from the store where it is there."""
