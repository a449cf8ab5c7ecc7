"""A firm that lives: systems behind their vendors' APIs, people at work, middleware between them."""
