"""Tasks: one toy task a file. Folders named in ``RNN_EXPLORER_PLUGINS`` may add more, in their ``tasks`` subfolder."""
import os

__path__ += [os.path.join(folder, "tasks")
             for folder in os.environ.get("RNN_EXPLORER_PLUGINS", "").split(os.pathsep) if folder]
