"""What the pages are made of: pure functions from typed values to HTML, escaped by construction."""
