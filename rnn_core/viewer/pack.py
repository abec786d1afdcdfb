"""One `bytes` payload for both hosts of the viewer.

Layout: u32 little-endian length of the header, the header as UTF-8 JSON, padding to 8 bytes, then the arrays one after
the other, each padded to 8 bytes. `header["arrays"][name] = {"dtype", "shape", "offset", "range"?}`, offsets counted
from the first array.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

ALIGN = 8
DTYPES = ("uint8", "uint16", "float32")


class Quantised(NamedTuple):
    """Values stored as whole numbers: level q means low + q / (top − 1) · (high − low), and q = top means NaN."""

    levels: np.ndarray
    low: float
    high: float


def quantise(array, low: float, high: float, dtype: str = "uint8") -> Quantised:
    """Store an array as uint8 or uint16 levels of [low, high]; values outside are clipped, NaN stays missing.

    The largest rounding error is (high − low) / 508 for uint8 and (high − low) / 131068 for uint16.
    Raises ValueError unless low < high.
    """
    if not low < high:
        raise ValueError(f"quantise needs low < high, got {low} and {high}.")
    top = int(np.iinfo(dtype).max)
    values = np.asarray(array, dtype=np.float64)
    missing = np.isnan(values)
    share = (np.clip(np.where(missing, low, values), low, high) - low) / (high - low)
    levels = np.rint(share * (top - 1)).astype(dtype)
    levels[missing] = top
    return Quantised(levels, float(low), float(high))


def pack(arrays: Mapping[str, np.ndarray | Quantised], **header) -> bytes:
    """Pack arrays (uint8, uint16, float32, or `Quantised`) and a JSON header into one payload.

    Raises TypeError for any other dtype and ValueError for a header with NaN or infinity in it.
    """
    specs, blobs, offset = {}, [], 0
    for name, array in arrays.items():
        levels = array.levels if isinstance(array, Quantised) else array
        levels = np.ascontiguousarray(levels)
        if levels.dtype.name not in DTYPES:
            raise TypeError(f"The viewer reads {', '.join(DTYPES)}; array {name!r} is {levels.dtype.name}.")
        specs[name] = {"dtype": levels.dtype.name, "shape": list(levels.shape), "offset": offset}
        if isinstance(array, Quantised):
            specs[name]["range"] = [array.low, array.high]
        blob = _padded(levels.astype(levels.dtype.newbyteorder("<"), copy=False).tobytes())
        blobs.append(blob)
        offset += len(blob)
    head = json.dumps({**header, "arrays": specs}, ensure_ascii=False, allow_nan=False).encode()
    return _padded(struct.pack("<I", len(head)) + head) + b"".join(blobs)


def unpack(payload: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Read a payload back as (header, arrays); quantised arrays come back as float32 with NaN where missing."""
    (length,) = struct.unpack_from("<I", payload)
    header = json.loads(payload[4 : 4 + length])
    start = 4 + length + (-(4 + length) % ALIGN)
    arrays = {}
    for name, spec in header["arrays"].items():
        count = int(np.prod(spec["shape"], dtype=int))
        dtype = np.dtype(spec["dtype"]).newbyteorder("<")
        array = np.frombuffer(payload, dtype, count, start + spec["offset"]).reshape(spec["shape"])
        if "range" in spec:
            (low, high), top = spec["range"], int(np.iinfo(spec["dtype"]).max)
            array = np.where(array == top, np.nan, low + array / (top - 1) * (high - low)).astype(np.float32)
        arrays[name] = array
    return header, arrays


def _padded(blob: bytes) -> bytes:
    return blob + b"\0" * (-len(blob) % ALIGN)
