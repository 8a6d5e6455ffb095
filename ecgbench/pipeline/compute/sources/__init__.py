"""Sources of maps: what they are, their maps, further maps of them, and the health of these."""
