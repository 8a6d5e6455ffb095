"""Layer-wise relevance propagation: rules by operation, for whatever a network is made of."""
