"""What a window would be without what makes its label: twins by exchanged beats, and donors of the same patient."""
