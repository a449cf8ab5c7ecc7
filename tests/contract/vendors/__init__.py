"""One case a vendor: how its simulated API is reached, what its rows look like, how it refuses."""
