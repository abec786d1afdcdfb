"""Analyses: one question a file, a pure function of a network, a batch or a trace that gives a frozen result."""
