"""How each vendor shows what a system holds, one module a vendor, and what these modules share."""
