"""Digits row by row: a small picture is read as eight steps of eight pixels, and at the end the net names the digit.

x_t is row t of an 8 × 8 picture, each pixel between 0 and 1; the target at the last row is one of ten classes. The
pictures are the handwritten digits that come with scikit-learn (Alpaydin & Kaynak, 1998), 1,797 of them. A picture is
held out when the SHA-256 of its pixels is divisible by four, so that equal pictures are never on both sides.
"""
from __future__ import annotations

import csv
import gzip
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

SIDE, CLASSES, EVERY = 8, 10, 4
SHADES = " ░▒▓█"


class Pictures(NamedTuple):
    """``pixels`` (p, 8, 8) between 0 and 1, ``digits`` (p,), ``held`` (p,) true where held out, the file's SHA-256."""

    pixels: Tensor
    digits: Tensor
    held: Tensor
    digest: str


@cache
def read() -> Pictures:
    """The pictures, read once; scikit-learn itself is not loaded."""
    place = Path(find_spec("sklearn").submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    text = gzip.decompress(place.read_bytes())
    rows = torch.tensor([[int(float(v)) for v in row] for row in csv.reader(text.decode("ascii").splitlines())])
    pixels, digits = rows[:, :-1], rows[:, -1]
    held = torch.tensor([int(hashlib.sha256(bytes(p)).hexdigest(), 16) % EVERY == 0 for p in pixels.tolist()])
    return Pictures(pixels.float().view(-1, SIDE, SIDE) / 16, digits, held, hashlib.sha256(text).hexdigest())


class DigitsSettings(Settings):
    """Which way the picture is read."""

    upside_down: bool = setting(False, "Read the rows from the bottom to the top.")


class Digits(ClassificationTask):
    """Digits row by row: read a picture as a sequence of rows, and name what it shows."""

    card = Card(title="Digits row by row", row="C34", year=1998,
                reference="Alpaydin & Kaynak, Optical recognition of handwritten digits, 1998",
                summary="A handwritten digit comes in row by row, eight pixels a step; at the end the net names it.",
                use="Can a sequence be a picture?")
    Settings = DigitsSettings
    metric_name = "accuracy at the last row"
    input_size, output_size = SIDE, CLASSES
    words = "0123456789"

    def __init__(self, settings: DigitsSettings | None = None) -> None:
        super().__init__(settings)
        self.pictures = read()
        self.data_hash = self.pictures.digest

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._drawn(~self.pictures.held, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._drawn(self.pictures.held, count, generator)

    def _drawn(self, among: Tensor, count: int, generator: torch.Generator) -> Batch:
        places = among.nonzero().flatten()
        return self.show(places[torch.randint(0, len(places), (count,), generator=generator)])

    def show(self, places: Tensor) -> Batch:
        """The pictures at these places (b,) of the collection."""
        x = self.pictures.pixels[places]
        scored = torch.zeros(x.shape[:2], dtype=torch.bool)
        scored[:, -1] = True
        digits = self.pictures.digits[places].unsqueeze(1).expand(-1, SIDE).contiguous()
        return Batch(x.flip(1) if self.settings.upside_down else x, digits, None, scored)

    def baseline(self) -> Baseline:
        learnt = self.pictures.digits[~self.pictures.held].bincount(minlength=CLASSES).double()
        held = self.pictures.digits[self.pictures.held]
        right = float((held == learnt.argmax()).double().mean())
        return Baseline(right, -float((learnt / learnt.sum()).log()[held].mean()), "always name the most common digit")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs = ["".join(SHADES[min(4, int(v * 4.99))] for v in line) for line in batch.x[row].tolist()]
        expected = self.words[int(batch.target[row, -1])]
        if y is None:
            return Story(inputs, [SIDE - 1], expected)
        said = self.words[int(y[row, -1].argmax())]
        return Story(inputs, [SIDE - 1], expected, said, said == expected)
