"""The store as an object-centric event log: OCEL 2.0, the relational (SQLite) form of ocel-standard.org."""
