"""Applications: where operators register them. One page a thing."""
