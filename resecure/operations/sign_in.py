"""Sign in: verify the password, and open a session, or a sign-in that still owes steps."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from resecure.audit import record
from resecure.audit.events import Event
from resecure.database.statements import queued
from resecure.identity import accounts, known_browsers, passwords, sessions, sign_ins, throttles
from resecure.identity.accounts import MAY_SIGN_IN, Account, Credential, Status, address_key
from resecure.identity.credentials import wrong_password
from resecure.operations.shared.moving import columns_of_move
from resecure.operations.shared.progress import Client, Progress
from resecure.operations.shared.telling import tell
from resecure.policy.next_sign_in import still_owed
from resecure.policy.refusals import NotSignedIn, PolicyNotPublished, Throttled
from resecure.policy.transitions import By, status_after
from resecure.propagation.models import Change


def sign_in(address: str, password: str, *, client: Client) -> Progress:
    """Afterwards the client holds a session, or a sign-in whose steps it must take.

    Raises NotSignedIn, the same for every cause and after the same work, or Throttled. Where the password is
    right and no policy is published, PolicyNotPublished: nothing is spent, and the refusal is on record.
    """
    now = timezone.now()
    key = address_key(address)[:254]
    seen = accounts.credential_at(key)
    at, generation = (seen.pk, seen.generation) if seen else (uuid4(), 0)
    browser = known_browsers.known(client.browser, account=at, generation=generation)
    # A browser in which the person signed in before has tries of its own: strangers cannot use them up.
    limits = {} if browser else _limits(key, client)
    kept_out = throttles.wait({_strangers(at, generation): (1, STRANGERS_OUT)}, now=now) is not None and not browser
    if (wait := throttles.wait(limits, now=now)) is not None:
        raise Throttled(max(1, int(wait.total_seconds())))
    # The hash costs its time whether or not the account exists, is locked, or has a password at all.
    right = passwords.matches(password, seen.password if seen else "")
    # On a locked account a right password goes the way of a wrong one, statement for statement: otherwise a
    # guesser would go on guessing, and measure.
    may = seen is not None and (seen.status in MAY_SIGN_IN or (browser is not None and seen.status == Status.LOCKED))
    if seen is None or not right or not may or kept_out:
        _failed(seen, limits=limits, client=client, now=now, wrong=not kept_out, browser=browser)
        raise NotSignedIn
    try:
        progress = _begin(seen, client=client, now=now, browser=browser)
    except PolicyNotPublished:
        _not_ready(seen, client=client, now=now)
        raise
    if progress is None:
        _failed(seen, limits=limits, client=client, now=now, wrong=False)
        raise NotSignedIn
    return progress


def _begin(seen: Credential, *, client: Client, now: datetime, browser: bytes | None) -> Progress | None:
    """The transaction of a right password; None if the account moved on while it was verified."""
    with transaction.atomic():
        account = Account.objects.locked(seen.pk)
        # What was verified is what is true now: otherwise a sign-in that checked the old password would
        # open a session after the resecure (the peers that lack this comparison let 1 in 12 through).
        if (account.generation, account.password) != (seen.generation, seen.password):
            return None
        if browser is not None and account.status == Status.LOCKED:
            _reopen(account, now=now)
        if account.status not in MAY_SIGN_IN or not _temporary_password_lives(account, now=now):
            return None
        owed = still_owed(account)
        take = _start if owed else _open
        with queued():
            progress = replace(take(account, client=client, now=now), owed=owed)
            record.append(
                Event.SIGN_IN_STARTED if owed else Event.SIGN_IN_COMPLETED,
                actor=account.pk,
                target=account.pk,
                organisation_path=account.organisation_path,
                at=now,
                details={"owed": [step.value for step in owed], "from": client.address},
            )
    return progress


def _open(account: Account, *, client: Client, now: datetime) -> Progress:
    """Nothing is owed: a session, under the generation at which the password was verified and still is."""
    accounts.note_sign_in(account, status=status_after(account.status, By.SIGN_IN) or account.status, now=now)
    opened = sessions.open_session(
        account,
        generation=account.generation,
        now=now,
        lifetime=timedelta(hours=settings.RESECURE.session_absolute_hours),
        client_address=client.address,
        client_name=client.name,
    )
    assert opened is not None  # status and generation were compared under this very lock
    return Progress(account=account.pk, session=opened[0], browser=known_browsers.remember(account, now=now))


def _start(account: Account, *, client: Client, now: datetime) -> Progress:
    """Steps are owed: a sign-in. A temporary password is spent from here on."""
    accounts.note_right_password(account, now=now)
    handle, _made = sign_ins.begin(
        account,
        now=now,
        lifetime=timedelta(minutes=settings.RESECURE.sign_in_minutes),
        client_address=client.address,
        client_name=client.name,
    )
    return Progress(account=account.pk, handle=handle)


# After the person came back through a lock, strangers are kept out for so long without locking it again.
STRANGERS_OUT = timedelta(hours=24)


def _strangers(account: UUID, generation: int) -> bytes:
    return throttles.key_of("strangers kept out", str(account), str(generation))


def _leaves_room(browser: bytes, *, now: datetime) -> bool:
    """Whether this browser has tries left: as many as a lock takes, and then it is known no more."""
    window = timedelta(minutes=settings.RESECURE.lock_window_minutes)
    most = settings.RESECURE.lock_after_wrong_passwords - 1
    return throttles.leaves_room(throttles.key_of("known browser", browser.hex()), most=most, now=now, window=window)


def _reopen(account: Account, *, now: datetime) -> None:
    """The right password, in a browser in which this person signed in before: the lock that a stranger can put on ends,
    and strangers are kept out for a day without it. Otherwise ten wrong passwords, repeated, would keep somebody out
    for ever."""
    moved = columns_of_move(account, By.KNOWN_BROWSER, now=now)
    if moved is None:
        return
    Account.objects.filter(pk=account.pk).update(wrong_passwords=0, wrong_passwords_since=None, **moved)
    for name, value in moved.items():
        setattr(account, name, value)
    throttles.count(_strangers(account.pk, account.generation), now=now, window=STRANGERS_OUT)
    record.append(
        Event.ACCOUNT_REOPENED,
        actor=account.pk,
        target=account.pk,
        organisation_path=account.organisation_path,
        at=now,
    )


def _not_ready(seen: Credential, *, client: Client, now: datetime) -> None:
    record.append(
        Event.OPERATION_REFUSED,
        actor=seen.pk,
        target=seen.pk,
        at=now,
        details={"operation": "sign_in", "reasons": ["policy_not_published"], "from": client.address},
    )


def _temporary_password_lives(account: Account, *, now: datetime) -> bool:
    if not account.password_is_temporary:
        return True
    expires_at = account.temporary_password_expires_at
    return account.temporary_password_used_at is None and expires_at is not None and now < expires_at


def _limits(address: str, client: Client) -> dict[bytes, tuple[int, timedelta]]:
    """Failed tries by this place at this address, and by this place at all. Unknown addresses count alike."""
    place = _place_of(client.address)
    return {
        throttles.key_of("sign in", address, place): (
            settings.RESECURE.throttle_per_account_and_network_per_hour,
            timedelta(hours=1),
        ),
        throttles.key_of("sign in", place): (
            settings.RESECURE.throttle_per_network_per_quarter_hour,
            timedelta(minutes=15),
        ),
    }


def _place_of(address: str | None) -> str:
    """What counts as one place: an IPv4 address, for whole buildings share a /24; of IPv6 the /64, within which one
    machine has as many addresses as it likes."""
    if address is None or ":" not in address:
        return address or "unknown"
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


def _failed(
    seen: Credential | None,
    *,
    limits: dict[bytes, tuple[int, timedelta]],
    client: Client,
    now: datetime,
    wrong: bool,
    browser: bytes | None = None,
) -> None:
    """Count and record a failure; too many wrong passwords lock the account until it is unlocked.

    The statements are the same where there is no such account: they then find nobody.
    """
    with transaction.atomic():
        for key, (_most, window) in limits.items():
            throttles.count(key, now=now, window=window)
        account = _locked_or_nobody(seen)
        counts = (
            wrong
            and browser is None
            and account is not None
            and seen is not None
            and account.generation == seen.generation
        )
        number = wrong_password(
            account.pk if account is not None and counts else uuid4(),
            now=now,
            window=timedelta(minutes=settings.RESECURE.lock_window_minutes),
        )
        if browser is not None and not _leaves_room(browser, now=now):
            known_browsers.forget(browser)  # whoever guesses there is a stranger from now on
        if account is not None and number >= settings.RESECURE.lock_after_wrong_passwords:
            _lock(account, number, now=now)
        record.append(
            Event.SIGN_IN_FAILED,
            actor=None,
            target=account.pk if account else None,
            organisation_path=account.organisation_path if account else "",
            at=now,
            # An unknown address may be a password typed into the wrong field: it is not written down.
            details={"from": client.address, "known": account is not None},
        )


def _locked_or_nobody(seen: Credential | None) -> Account | None:
    try:
        return Account.objects.locked(seen.pk if seen else uuid4())
    except Account.DoesNotExist:
        return None


def _lock(account: Account, wrong: int, *, now: datetime) -> None:
    moved = columns_of_move(account, By.WRONG_PASSWORDS, now=now)
    if moved is None:
        return
    # Whoever is signed in already passes no check while the status is Locked, and passes again after Unlock
    # only by signing in: the generation moves on.
    before = account.generation
    sessions.revoke_all(account, by=account.pk, now=now, **moved)
    known_browsers.carry(account, before=before)
    # Once a lock: a stranger who goes on guessing sends the person no second mail.
    tell(Change.LOCKED, account, at=now)
    record.append(
        Event.ACCOUNT_LOCKED,
        actor=None,
        target=account.pk,
        organisation_path=account.organisation_path,
        at=now,
        details={"wrong_passwords": wrong},
    )
