"""Random streams: one seed, several independent sources."""
from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import torch


@dataclass(frozen=True)
class Streams:
    """Separate generators for initial weights, training data, order, noise and held-out data.

    Drawing more of one never changes another. All live on the CPU, so that a seed means the same on every device.
    """

    weights: torch.Generator
    data: torch.Generator
    order: torch.Generator
    noise: torch.Generator
    held_out: torch.Generator

    @classmethod
    def of(cls, seed: int) -> Streams:
        """The streams of a seed: each is seeded with the first 8 bytes of SHA-256("seed:name")."""
        def generator(name: str) -> torch.Generator:
            digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
            return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
        return cls(**{f.name: generator(f.name) for f in fields(cls)})

    def state(self) -> dict[str, torch.Tensor]:
        """Where each stream stands, as byte tensors."""
        return {f.name: getattr(self, f.name).get_state() for f in fields(self)}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for f in fields(self):
            getattr(self, f.name).set_state(state[f.name].clone())
