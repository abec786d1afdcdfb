"""What visitors give: text kept under its SHA-256, so that a record can name it and nothing else can take its place."""
from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

MOST = 5_000_000
DIGEST = re.compile(r"[0-9a-f]{64}")


def data_folder() -> Path:
    """The folder of all runs and of all that was given: ``RNN_EXPLORER_DATA``, or the platform's place for it."""
    if chosen := os.environ.get("RNN_EXPLORER_DATA"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share"))
    return base / "rnn-explorer"


def keep(text: str) -> str:
    """Keep a text on this machine and return its SHA-256; ValueError, in one sentence, for one that is too long."""
    data = text.encode()
    if len(data) > MOST:
        raise ValueError(f"This has {len(data):,} bytes; at most {MOST:,} can be kept.")
    digest = hashlib.sha256(data).hexdigest()
    place = _place(digest)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, place)
    return digest


def given(digest: str) -> str:
    """The text that was kept under a SHA-256; ValueError, in one sentence, where it is not on this machine."""
    if DIGEST.fullmatch(digest):
        try:
            data = _place(digest).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() == digest:
            return data.decode()
    raise ValueError("The data of this experiment are not on this machine; give them once more.")


def _place(digest: str) -> Path:
    return data_folder() / "given" / f"{digest}.txt"
