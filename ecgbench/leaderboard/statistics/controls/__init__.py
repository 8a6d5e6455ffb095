"""What controls show: of metrics, by the answer itself, and of methods, by maps that know nothing of the network."""
