"""Designs: weights set by hand, so that a network does a task exactly, without learning.

One design a file: its ``CARD``, the architecture and the task that it ``FITS``, and ``wire(network, task)``, which sets
every weight of a network of one cell and its readout. Units that the design does not need are left without weights.
Raises ValueError, in one sentence, where the network is too small or of another form.
"""
