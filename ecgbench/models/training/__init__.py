"""Building networks, training them by a recipe, and measuring how well they classify."""
