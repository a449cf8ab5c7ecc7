"""Reading: systems of many kinds in, canonical records and spans out."""
