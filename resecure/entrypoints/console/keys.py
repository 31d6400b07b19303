"""`resecure rotate-encryption-key`: what older keys have sealed moves to the current one."""

from __future__ import annotations

from typing import Annotated

import typer

from resecure.entrypoints.console.shared import complain, ready, say, stop


def rotate() -> None:
    """Seal every account secret anew under the first key of RESECURE_ENCRYPTION_KEYS, beside a running service.

    Safe to stop and to run again: what is done stays done.
    """
    ready()
    from resecure.identity import key_rotation
    from resecure.identity.accounts import Account, system_account
    from resecure.operations.rotate_encryption_key import rotate_encryption_key

    try:
        done = rotate_encryption_key(by=system_account(), report=_report)
    except KeyboardInterrupt:
        stop("Stopped. What is done stays done; the same command does the rest.")
    say(f"{done.moved} rows are sealed anew. The current key is {done.key}.")
    for address in Account.objects.filter(pk__in=done.broken).order_by("address").values_list("address", flat=True):
        complain(f"{address}: the secret or an answer was changed and opens with no key. Resecure the account.")
    if done.left:
        complain(f"{done.left} rows were in use or are new under an older key. Run the command again.")
    stored = key_rotation.stored()
    for name in key_rotation.older_keys():
        if not stored.sealed[name]:
            say(f"Nothing is sealed under the key {name} any more: it can be retired (docs/running.md).")
        if digests := stored.digests[name]:
            say(f"  With it, {digests} earlier secrets are forgotten, which nobody could choose again until then.")
    if done.left or done.broken:
        stop("Not every row is under the current key.")


def rotate_signing(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The present key leaked: sign with the new one now, and drop all others.")
    ] = False,
) -> None:
    """Make the next key for ID tokens and logout tokens, if it is due. The worker does the same by its clock."""
    ready()
    from resecure.identity.accounts import system_account
    from resecure.operations.rotate_signing_key import rotate_signing_key

    made = rotate_signing_key(by=system_account(), at_once=at_once)
    say(f"Key {made.pk} signs from {made.signs_from:%Y-%m-%d %H:%M} UTC." if made else "No new key is due.")


def _report(moved: int, of: int) -> None:
    complain(f"{moved} of {of}")
