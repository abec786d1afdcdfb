"""Learners: one learning rule a file. Folders named in ``RNN_EXPLORER_PLUGINS`` may add more, in ``learners``."""
import os

__path__ += [os.path.join(folder, "learners")
             for folder in os.environ.get("RNN_EXPLORER_PLUGINS", "").split(os.pathsep) if folder]
