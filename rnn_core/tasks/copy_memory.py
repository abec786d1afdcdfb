"""Copy memory: letters are shown, then comes a long nothing, and at the cue they must all be written down in order.

    x: K letters, L − 1 blanks, the cue, K blanks          y: L + K blanks, then the K letters

Letters are drawn from S, and a sequence has L + 2K steps. Without memory the blanks are certain and each letter costs
ln S, which makes K ln S / (L + 2K) a step. Hochreiter & Schmidhuber 1997; in this form Arjovsky, Shah & Bengio,
*Unitary evolution recurrent neural networks*, 2016, with K = 10 and S = 8.
"""
from __future__ import annotations

import string

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

BLANK, CUE = "·", "?"


class CopyMemorySettings(Settings):
    """How many letters of how large an alphabet there are, and how long they must be kept."""

    lag: int = setting(30, "Steps between the last letter and the cue.", symbol="L", ge=1, le=1000, main=True)
    letters: int = setting(10, "Letters to copy.", symbol="K", ge=1, le=20, main=True)
    symbols: int = setting(8, "Number of different letters.", symbol="S", ge=2, le=10)


class CopyMemory(ClassificationTask):
    """Copy memory: write down, after a long nothing, all the letters that were shown first."""

    card = Card(title="Copy memory", row="C25", year=2016,
                reference="Arjovsky, Shah & Bengio, Unitary evolution recurrent neural networks, 2016",
                summary="Some letters, then a long nothing; at the cue the net must write them all down in order.",
                use="How much can it hold, and for how long?")
    Settings = CopyMemorySettings
    metric_name, reach = "accuracy at the letters", "lag"

    def __init__(self, settings: CopyMemorySettings | None = None) -> None:
        super().__init__(settings)
        self.blank = self.settings.symbols
        self.output_size, self.input_size = self.blank + 1, self.blank + 2
        self.words = [*string.ascii_uppercase[:self.blank], BLANK]

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self.show(torch.randint(0, self.blank, (batch_size, self.settings.letters), generator=generator))

    def show(self, letters: Tensor) -> Batch:
        """The sequences with these letters (b, k)."""
        k, lag = self.settings.letters, self.settings.lag
        nothing = letters.new_full((len(letters), lag + k), self.blank)
        heard = torch.cat([letters, nothing], 1)                                                  # (b, l + 2k)
        heard[:, lag + k - 1] = self.blank + 1
        return Batch(one_hot(heard, self.input_size).float(), torch.cat([nothing, letters], 1))

    def metric(self, y: Tensor, batch: Batch) -> float:
        k = self.settings.letters
        return float((y[:, -k:].argmax(-1) == batch.target[:, -k:]).float().mean())

    def baseline(self) -> Baseline:
        every = torch.arange(self.blank).unsqueeze(1).expand(-1, self.settings.letters)
        target = self.show(every).target                                                          # (s, t)
        share = one_hot(target, self.output_size).double().mean(0)                                # (t, o)
        loss = -float(torch.special.xlogy(share, share).sum(-1).mean())
        best = float(share[-self.settings.letters:].max(-1).values.mean())
        return Baseline(best, loss, f"write any {self.settings.letters} letters after the cue")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        k = self.settings.letters
        inputs = [[*self.words, CUE][j] for j in batch.x[row].argmax(-1)]
        targets = [self.words[j] for j in batch.target[row]]
        cue, expected = len(inputs) - k - 1, "".join(targets[-k:])
        marks = [*range(k), cue, *range(cue + 1, cue + 1 + k)]
        if y is None:
            return Story(inputs, marks, expected, targets=targets)
        said = "".join(self.words[j] for j in y[row, -k:].argmax(-1))
        return Story(inputs, marks, expected, said, said == expected, targets)
