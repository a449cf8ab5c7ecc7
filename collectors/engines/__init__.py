"""Ways of talking that several systems share."""
