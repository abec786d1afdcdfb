"""The seventh letter: read six letters of a word of seven, and say the last one.

The words are a list written for this task, no two of which begin with the same six letters. Every sixth of them, in the
order of the alphabet, is held out: it can be completed only by what its ending shares with the words that were learnt.
x_t is letter t as one of 26, the target is letter t + 1, and only the seventh counts unless all are asked for.
"""
from __future__ import annotations

import string

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from rnn_core.records import Baseline, Batch, Card, Settings, Story, setting
from rnn_core.tasks.base import ClassificationTask

WORDS = tuple("""
    airport already amazing ancient animals another arrived balance balloon baskets bedroom begging believe bicycle
    blanket blossom boiling borders bottles breathe brother cabbage cabinet calling candles captain carrots cartoon
    catches ceiling central century certain chapter charity cheaper chicken climate climbed closest clothes coastal
    collect college comfort company compass concert contain cooking cottage country courage cousins crackle crossed
    crystal culture curious curtain dancing darkest daytime deepest delight desktop diamond digital diploma discuss
    distant drawing drummed earlier earning eastern economy edition elegant element emerald emperor enjoyed evening
    exactly example explain factory failing farmers fashion feather feeling fiction fishing flowers folding foolish
    foreign forever forgive fortune forward freedom freight further gallery gardens general giraffe glacier glasses
    goodbye grammar granite greater grounds growing habitat hammers handful happier harbour harvest heading healthy
    hearing heather helpful herself highest history holiday however hundred hunting husband imagine improve include
    inspire instead jackets janitor jealous journal journey jumping justice keeping kingdom kitchen kneeled knights
    knowing ladders landing largest leather leaving lecture lessons letters library lifting limited listens looking
    lowland machine magical manager marbles married massive maximum meadows meaning measure melting message mineral
    minutes missing mixture monster morning musical mustard mystery natural neither network nothing nuclear obvious
    october opening opinion orchard organic outside oysters package painted parking parrots passage patient pattern
    peanuts penguin perfect perhaps picture pilgrim planets plastic players pointed popular postman pottery prepare
    present problem promise protect pumpkin puzzles quality quarter quickly quietly rabbits railway rainbow reading
    rebuild recipes regular related replace respect resting reverse running saddles sailing sandals saucers scholar
    science section serious service settled shadows shelter shorter silence similar singing sisters skilful slipper
    smaller smarter society soldier spatial special spelled spiders station stomach storage stories strange student
    subject success suggest summers sunrise support surface teacher telling tempest theatre thimble thirsty thought
    through thunder tickets tonight totally towards traffic trapped trumpet tunnels twelfth typical uncover unhappy
    uniform unknown unusual upright useless usually vanilla variety vehicle venture version victory village villain
    vintage violins virtual visible visitor volcano voyages waiting walking warning warrior weather weekend welcome
    western whisper whistle willing windows winning without wonders workers working worried writing written younger
""".split())
LEARNT, HELD = (tuple(w for k, w in enumerate(WORDS) if (k % 6 == 5) == held) for held in (False, True))
LETTERS = string.ascii_lowercase


class SeventhLetterSettings(Settings):
    """Which letters are asked for."""

    every_letter: bool = setting(False, "Ask after each letter for the next one, not only for the seventh.")


class SeventhLetter(ClassificationTask):
    """Seventh letter: complete words of seven letters."""

    card = Card(title="The seventh letter of seven", row="C2", year=1990,
                reference="Elman, Finding structure in time, Cognitive Science 14; own list of words",
                summary="Six letters of an English word are read one by one; the net says the seventh.",
                use="Can it keep a whole word in mind, and what does it make of a word that it never saw?")
    Settings = SeventhLetterSettings
    metric_name = "accuracy at the seventh letter"
    input_size = output_size = len(LETTERS)
    words = LETTERS

    def sample(self, batch_size: int, generator: torch.Generator) -> Batch:
        return self._draw(LEARNT, batch_size, generator)

    def held_out(self, count: int, generator: torch.Generator) -> Batch:
        return self._draw(HELD, count, generator)

    def _draw(self, words: tuple[str, ...], count: int, generator: torch.Generator) -> Batch:
        return self.show(places(words)[torch.randint(0, len(words), (count,), generator=generator)])

    def show(self, letters: Tensor) -> Batch:
        """The batch of words of seven letters (b, 7), each letter as its place in the alphabet."""
        scored = None if self.settings.every_letter else (torch.arange(6) == 5).expand(len(letters), -1)
        return Batch(one_hot(letters[:, :-1], len(LETTERS)).float(), letters[:, 1:], None, scored)

    def metric(self, y: Tensor, batch: Batch) -> float:
        return float((y[:, -1].argmax(-1) == batch.target[:, -1]).float().mean())

    def baseline(self) -> Baseline:
        learnt, held = self.show(places(LEARNT)), self.show(places(HELD))
        often = one_hot(learnt.target, len(LETTERS)).double().sum(0) + 1                         # (t, o)
        share = often / often.sum(-1, keepdim=True)
        loss = -share.log()[torch.arange(6), held.target][held.counted].mean()
        last = int(often[-1].argmax())
        right = float((held.target[:, -1] == last).double().mean())
        return Baseline(right, float(loss), f"always say “{LETTERS[last]}”, the commonest last letter of the words to "
                                            f"learn from")

    def story(self, batch: Batch, row: int, y: Tensor | None = None) -> Story:
        inputs, targets = ([LETTERS[k] for k in v] for v in (batch.x[row].argmax(-1), batch.target[row]))
        if y is None:
            return Story(inputs, [5], targets[-1], targets=targets)
        said = LETTERS[int(y[row, -1].argmax())]
        return Story(inputs, [5], targets[-1], said, said == targets[-1], targets)


def places(words: tuple[str, ...]) -> Tensor:
    """(w, 7) the letters of words, as places in the alphabet."""
    return torch.tensor([[LETTERS.index(c) for c in word] for word in words])
