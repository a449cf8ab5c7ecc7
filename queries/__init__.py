"""The store: every table, every write and every read of it."""
