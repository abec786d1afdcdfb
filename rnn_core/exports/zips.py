"""Zip files that are the same bytes for the same contents, and whose names lead nowhere else."""
from __future__ import annotations

import io
import re
import zipfile

PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,119}")
BEGINNING = (1980, 1, 1, 0, 0, 0)


def zipped(contents: dict[str, bytes]) -> bytes:
    """A zip of these files, in this order; every name is a path of plain parts, or ValueError says which is not."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in contents.items():
            if not all(PART.fullmatch(part) for part in name.split("/")):
                raise ValueError(f"“{name[:60]}” cannot be the name of a file in a zip.")
            entry = zipfile.ZipInfo(name, BEGINNING)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            file.writestr(entry, data)
    return out.getvalue()
