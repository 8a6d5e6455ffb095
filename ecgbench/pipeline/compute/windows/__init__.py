"""Which windows are explained, and what a run tells of them: twins, donors, regions, normal windows."""
