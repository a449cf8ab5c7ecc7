"""Judging: what is wrong, since when, for how much, and how all of it is doing."""
