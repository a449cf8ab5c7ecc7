"""A simulated firm with known planted gaps; it imports no other room."""
