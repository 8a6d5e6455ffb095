"""Which cells there are, which are selected, with which options, and how long they will take."""
