"""Letters and digits as pictures of 8 × 8 cells, drawn for this project."""
from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

SIDE = 8
#: Each picture row by row from the top: two hexadecimal figures a row, the leftmost cell in the highest bit.
DRAWN = """
A 3c6666667e666666  B fcc6c6fcc6c6c6fc  C 3e60c0c0c0c0603e
D f8ccc6c6c6c6ccf8  E fec0c0fcc0c0c0fe  F fec0c0fcc0c0c0c0
G 3e60c0c0cec6663e  H 6666667e7e666666  I 7e1818181818187e
J 1e0606060666663c  K c6ccd8f0f0d8ccc6  L c0c0c0c0c0c0c0fe
M c3e7ffdbc3c3c3c3  N c3e3f3dbcfc7c3c3  O 3c66c3c3c3c3663c
P fcc6c6c6fcc0c0c0  Q 3c66c3c3dbce663b  R fcc6c6fcd8ccc6c3
S 3e60603c0606067c  T ffff181818181818  U c3c3c3c3c3c3663c
V c3c3c366663c3c18  W c3c3c3c3dbffe7c3  X c3663c18183c66c3
Y c3c3663c18181818  Z ff060c183060c0ff  0 3c666e6e7676663c
1 183878181818187e  2 3c66060c1830607e  3 7e060c1c0606663c
4 0c1c3c6cccfe0c0c  5 7e60607c0606663c  6 1c30607c6666663c
7 7e06060c18183030  8 3c66663c6666663c  9 3c6666663e060c38
a 00007c063e66663f  b c0c0fcc6c6c6c6fc  c 00003e60c0c0603e
d 03033f636363633f  e 00003c667e60603e  f 0e1b187e18181818
g 3f6363633f03037e  h c0c0fcc6c6c6c6c6  i 181800781818187e
j 060600060606663c  k c0c0ccd8f0f0d8cc  l 703030303030301e
m 0000fedbdbdbdbdb  n 0000fcc6c6c6c6c6  o 00003c66c3c3663c
p 0000fcc6c6fcc0c0  q 3f6363633f030303  r 0000de7060606060
s 00003e603c06067c  t 18187e1818181b0e  u 0000c6c6c6c6c67f
v 0000c3c366663c18  w 0000c3c3dbdbff66  x 0000c3663c3c66c3
y c3c3663c181830e0  z 0000fe0c183060fe
"""
GLYPHS = dict(zip(DRAWN.split()[::2], DRAWN.split()[1::2], strict=True))
CAPITALS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def glyphs(names: Iterable[str]) -> Tensor:
    """(p, 64) pictures, 1 where a cell is on and −1 elsewhere, row by row; ValueError for a sign that is not drawn."""
    names = list(names)
    unknown = next((name for name in names if name not in GLYPHS), None)
    if unknown is not None:
        raise ValueError(f"There are pictures of letters from A to Z, small ones and digits, not of “{unknown}”.")
    on = [[cell == "1" for cell in f"{int(GLYPHS[name], 16):064b}"] for name in names]
    return torch.tensor(on).view(-1, SIDE**2) * 2.0 - 1.0


def written(cells: Tensor) -> list[str]:
    """The rows of one picture (64,) as text, a block for a cell that is on."""
    return ["".join("█" if v > 0 else "·" for v in row) for row in cells.view(SIDE, SIDE).tolist()]
