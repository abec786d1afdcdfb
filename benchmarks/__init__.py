"""Side-by-side measurements: ratios within one run, medians, one thread; never a timed test."""
