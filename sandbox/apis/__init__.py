"""Simulated systems behind real HTTP: each answers as its vendor's documentation says."""
