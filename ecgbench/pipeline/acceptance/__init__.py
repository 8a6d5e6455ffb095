"""From a run's scores to accepted results: judging, accepting, and the tables that a run ends with."""
