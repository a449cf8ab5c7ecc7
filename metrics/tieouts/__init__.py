"""One module a tie-out, found by discovery (:func:`metrics.tieout.tie_outs`)."""
