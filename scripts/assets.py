"""Train the shipped run and run the shipped race again: `make assets`."""
from rnn_core.race import shipped as races
from rnn_core.shipped import FOLDER, rebuild

if __name__ == "__main__":
    run = rebuild()
    print(f"{FOLDER.name}: {run.status} after {run.update} updates, held-out error {run.records[-1]['held_out']:.2g}.")
    print(f"{races.FILE.stem}: {races.rebuild().verdict.headline}")
