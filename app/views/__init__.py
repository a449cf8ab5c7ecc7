"""The pages: each is filters, one read and layout."""
