"""Windows on ECG paper to scale, with maps over them."""
