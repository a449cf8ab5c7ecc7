"""The contract every system behind an HTTP API keeps, proven against servers that behave as documented."""
