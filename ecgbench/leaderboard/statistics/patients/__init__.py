"""What patients show: resampled means and ranks, places within each, and which methods differ over them."""
