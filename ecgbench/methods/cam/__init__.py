"""Class activation maps: which layer they are made of, where its units stand in the window, and the maps themselves."""
