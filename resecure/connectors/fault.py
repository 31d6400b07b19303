"""What a way out raises when a message was not taken."""

from __future__ import annotations


class NotTaken(Exception):
    """The other side did not take the message. ``for_good`` says whether trying again is useless; ``away``, that no
    other message would have fared better: it could not be reached, or lets us in no more.

    The text names the fault and never repeats the other side's words: they may repeat what was in the message.
    It is stored in English, the ``detail`` in brackets behind it; whoever shows it finds the translation.
    """

    def __init__(self, text: str, *, detail: int | str = "", for_good: bool = False, away: bool = False) -> None:
        super().__init__(f"{text} ({detail})" if detail else text)
        self.for_good = for_good
        self.away = away
