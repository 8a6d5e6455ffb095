"""ECG paper to scale with maps on it: what galleries, reports and `ecgbench.plot` draw."""
