"""Intervals and draws by the bootstrap over patients."""
