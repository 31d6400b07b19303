"""Authenticate User: three positions of the account secret, kept; what was answered; locks. Nobody else compares.

Nothing here gives a letter away, and nothing compares without counting: :func:`try_letters` is both in one.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from django.db import models

from resecure.identity import secret_store
from resecure.identity.accounts import Account
from resecure.identity.credentials import QUESTION, SECRET, SecurityQuestion, secret_key_of

ASKED_FOR = 3
SECRET_ITSELF = 0  # in ``of``; 1 to 3 are the legacy questions

# How often letters stand in English words, in parts per thousand; any other sign counts as the rarest. A position is
# drawn the more rarely, the more frequent its letter is: what is asked for is then close to evenly spread over the
# alphabet, and who guesses the most frequent letters gains next to nothing (docs/authenticate-user.md).
_PER_MILLE = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (82, 15, 40, 38, 115, 14, 25, 25, 76, 3, 10, 55, 30, 70, 65, 30, 2, 75, 60, 68, 36, 10, 9, 3, 17, 3),
        strict=True,
    )
)
_RAREST = (
    9  # rarer letters are not drawn more often than this: otherwise a secret with a q would always be asked for it
)


class Authentication(models.Model):
    """What Authenticate User has come to at one account. Read and written only under the account's row lock."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True)
    # What is asked now, of every administrator alike, until it is answered rightly or has been kept long enough.
    question = models.UUIDField(null=True)  # renewed by every answer: none is counted twice, or unseen
    of = models.SmallIntegerField(default=SECRET_ITSELF)
    positions = models.CharField(max_length=30, default="")
    generation = models.BigIntegerField(default=0)
    secret_set_at = models.DateTimeField(null=True)
    drawn_at = models.DateTimeField(null=True)
    # Wrong answers that stand, whoever asked. No new secret and no time makes them fewer.
    failures = models.IntegerField(default=0)
    call_by = models.UUIDField(null=True)  # the last administrator who heard a wrong answer,
    call_since = models.DateTimeField(null=True)  # since when,
    call_failures = models.SmallIntegerField(default=0)  # and how many
    tried_by_standing = models.SmallIntegerField(default=0)  # the highest standing of those who asked for them
    locked_at = models.DateTimeField(null=True)
    locked_until = models.DateTimeField(null=True)
    needs_lift = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="authentication_failures_count_up", condition=models.Q(failures__gte=0)),
        ]

    @property
    def asked(self) -> list[int]:
        """The positions, counted from 1, in order."""
        return [int(each) for each in self.positions.split(",") if each]

    def is_locked(self, now: datetime) -> bool:
        return self.needs_lift or (self.locked_until is not None and now < self.locked_until)


class HeardPosition(models.Model):
    """That an administrator heard what stands at this position of this secret. Counts while the secret is that one."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, db_index=False)
    administrator = models.UUIDField()
    of = models.SmallIntegerField()
    position = models.SmallIntegerField()
    secret_set_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "administrator", "of", "position"], name="heard_once"),
        ]


def authentication_of(account: Account) -> Authentication:
    """How it stands; an untouched one where nobody was ever asked."""
    return Authentication.objects.filter(pk=account.pk).first() or Authentication(account=account)


def can_be_asked(account: Account) -> bool:
    """Whether there is anything to ask for: a secret, or legacy questions."""
    return account.has_secret or account.has_security_questions


def kept_question(state: Authentication, account: Account, *, now: datetime, keep: timedelta) -> bool:
    """Whether what was drawn before still stands: of this secret, this generation, and not too old."""
    return (
        state.question is not None
        and state.drawn_at is not None
        and now < state.drawn_at + keep
        and (state.generation, state.secret_set_at) == (account.generation, account.secret_set_at)
    )


def draw(state: Authentication, account: Account, *, by: UUID, now: datetime) -> bool:
    """Draw three positions, of the secret or of one legacy question, those first that this administrator has heard
    already. False if nothing can be asked: no secret, or its key is gone."""
    texts = {number: text for number, text in _texts(account).items() if len(text) >= ASKED_FOR}
    if not texts:
        return False
    of = secrets.choice(sorted(texts))
    heard = _heard(account).filter(administrator=by, of=of).values_list("position", flat=True)
    state.question, state.of, state.drawn_at = uuid4(), of, now
    state.positions = ",".join(str(each) for each in sorted(_drawn(texts[of], set(heard))))
    state.generation, state.secret_set_at = account.generation, account.secret_set_at
    state.save()
    return True


def try_letters(
    state: Authentication, account: Account, letters: Sequence[str], *, by: UUID, standing: int, now: datetime
) -> bool:
    """Whether all three are right, and count the answer: no caller learns it without that, nor of fewer than three.

    The same work whatever was typed: all of it is compared, in time that does not depend on where it differs.
    Afterwards the question has another id, so that the same page sent twice is one try.
    """
    text = _texts(account).get(state.of, "")
    right = _equal([text[each - 1 : each] for each in state.asked], [secret_key_of(each) for each in letters])
    state.question = uuid4()
    if right:
        forgiven = state.call_failures if _same_call(state, by=by, now=now) else 0
        state.question, state.positions, state.drawn_at = None, "", None
        state.failures = max(0, state.failures - forgiven)
        state.call_by, state.call_since, state.call_failures = None, None, 0
    else:
        if not _same_call(state, by=by, now=now):
            state.call_by, state.call_since, state.call_failures = by, now, 0
        state.call_failures += 1
        state.failures += 1
        state.tried_by_standing = max(state.tried_by_standing, standing)
    return right


ONE_CALL = timedelta(hours=1)


def _same_call(state: Authentication, *, by: UUID, now: datetime) -> bool:
    return state.call_by == by and state.call_since is not None and now < state.call_since + ONE_CALL


def _equal(right: Sequence[str], typed: Sequence[str]) -> bool:
    """All three compared as one keyed digest: neither the time nor the answer tells which differs."""
    key = os.urandom(32)
    digests = [hmac.digest(key, "\x1f".join(each).encode(), "sha256") for each in (right, typed)]
    whole = len(right) == len(typed) == ASKED_FOR and all(len(each) == 1 for each in right)
    return hmac.compare_digest(*digests) and whole


def compare_with_nobodys(letters: Sequence[str]) -> None:
    """The work of :func:`try_letters` where nothing may be compared: a lock, a question that is over, an account that
    is not there or not theirs. Opens and compares letters that nobody chose, and tells nothing."""
    sealed, key_name = secret_store.encrypted(NOBODYS, account=NO_ACCOUNT, purpose=SECRET)
    text = secret_store.decrypted(sealed, key_name, account=NO_ACCOUNT, purpose=SECRET)
    _equal(list(secret_key_of(text)[:ASKED_FOR]), [secret_key_of(each) for each in letters])


NO_ACCOUNT = UUID(int=0)
NOBODYS = "nobodyschoice"


def note_heard(account: Account, *, positions: Iterable[int], of: int, by: UUID, now: datetime) -> None:
    """This administrator heard what stands at these positions. (After a *no* too: two of three may have been right.)"""
    HeardPosition.objects.bulk_create(
        [
            HeardPosition(
                account=account,
                administrator=by,
                of=of,
                position=each,
                secret_set_at=account.secret_set_at,
                heard_at=now,
            )
            for each in positions
        ],
        update_conflicts=True,
        unique_fields=["account", "administrator", "of", "position"],
        update_fields=["secret_set_at", "heard_at"],
    )


def positions_disclosed(account: Account) -> int:
    """How many different positions of the present secret administrators have heard altogether."""
    return _heard(account).filter(of=SECRET_ITSELF).values("position").distinct().count()


def forget_heard(account: Account) -> None:
    """Remove what was heard of earlier secrets. They counted for nothing any more."""
    HeardPosition.objects.filter(account=account).exclude(secret_set_at=account.secret_set_at).delete()


def lift(state: Authentication, *, failures: int) -> None:
    """Afterwards it is open again, and stands at so many wrong answers."""
    state.failures, state.needs_lift, state.locked_until, state.locked_at = failures, False, None, None
    state.tried_by_standing = 0
    state.call_by, state.call_since, state.call_failures = None, None, 0
    state.save()


def question_text(account: Account, of: int) -> str:
    """The words of a legacy question; empty for the secret."""
    found = SecurityQuestion.objects.filter(account=account, position=of).values_list("question", flat=True).first()
    return found or ""


def _heard(account: Account) -> models.QuerySet[HeardPosition]:
    rows = HeardPosition.objects.filter(account=account)
    if account.secret_set_at is None:
        return rows.filter(secret_set_at__isnull=True)
    return rows.filter(secret_set_at=account.secret_set_at)


def _texts(account: Account) -> dict[int, str]:
    """What may be asked of, folded as it was stored: the secret, or else the answers, without spaces."""
    if account.secret is not None:
        rows = [(SECRET_ITSELF, account.secret, account.secret_key_name, SECRET)]
    else:
        rows = [
            (row.position, row.answer, row.key_name, QUESTION)
            for row in SecurityQuestion.objects.filter(account=account).order_by("position")
        ]
    found = {}
    for of, sealed, key_name, purpose in rows:
        try:
            text = secret_store.decrypted(bytes(sealed), key_name, account=account.pk, purpose=purpose)
        except (LookupError, InvalidTag):
            continue  # its key is gone: it identifies nobody any more
        found[of] = "".join(letter for letter in secret_key_of(text) if letter.isalnum())
    return found


def _drawn(text: str, heard: set[int]) -> list[int]:
    chance = secrets.SystemRandom()
    drawn: list[int] = []
    for places in ({each for each in heard if each <= len(text)}, set(range(1, len(text) + 1))):
        left = sorted(places - set(drawn))
        while left and len(drawn) < ASKED_FOR:
            [place] = chance.choices(left, [1 / max(_PER_MILLE.get(text[each - 1], 0), _RAREST) for each in left])
            drawn.append(place)
            left.remove(place)
    return drawn
