"""Records and tables as their databases publish them, read, checked and cut into windows."""
