"""The dashboard with everything heavy loaded before the first visitor comes: ``python -m pages.shared.dashboard``."""

import sys

from streamlit.web import cli

from pages.shared.boot import warm

if __name__ == "__main__":
    warm()
    sys.exit(cli.main(["run", "app.py", *sys.argv[1:]], prog_name="streamlit"))
