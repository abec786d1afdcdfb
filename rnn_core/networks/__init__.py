"""Networks: how cells are wired, with a readout; one wiring a file."""
