"""Reading what anybody may have written: text and arrays by their schema, within bounds, and whether the numbers follow from the scores."""
