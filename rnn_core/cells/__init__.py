"""Cells: one architecture a file. Folders named in ``RNN_EXPLORER_PLUGINS`` may add more, in ``cells``."""
import os

__path__ += [os.path.join(folder, "cells")
             for folder in os.environ.get("RNN_EXPLORER_PLUGINS", "").split(os.pathsep) if folder]
