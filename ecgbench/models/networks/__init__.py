"""Networks on (n, leads, time) whose first convolution mixes the leads, as their papers have it."""
