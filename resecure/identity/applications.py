"""Applications: what people sign in to through us, and machines that sign in for themselves (OAuth 2.0 clients)."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from resecure.identity import tokens
from resecure.identity.accounts import Account
from resecure.identity.organisations import Organisation


class Kind(models.TextChoices):
    """How an application signs people in. It is chosen once: what it may ask for follows from it."""

    WEB = "web", _("Web application with a secret (OpenID Connect)")
    PUBLIC = "public", _("Application without a secret, in a browser or on a device (OpenID Connect)")
    MACHINE = "machine", _("Machine that signs in for itself (client credentials)")
    FORWARD = "forward", _("Application behind a proxy that asks us at every request (forward auth)")


# Kinds that hold a secret, and kinds that people sign in to.
WITH_SECRET = frozenset({Kind.WEB, Kind.MACHINE})
FOR_PEOPLE = frozenset({Kind.WEB, Kind.PUBLIC, Kind.FORWARD})


class Application(models.Model):
    """One registered application. Its ``id`` is the ``client_id`` of the protocols."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    address = models.CharField(max_length=500, default="")
    redirect_addresses = models.JSONField(default=list)
    after_sign_out_addresses = models.JSONField(default=list)
    logout_address = models.CharField(max_length=500, default="")
    question_address = models.CharField(max_length=500, default="")
    # It asks us at every request (introspection or the gate): what it was told is confirmed by its next question.
    asks_each_time = models.BooleanField(default=False)
    registered_at = models.DateTimeField()
    registered_by = models.UUIDField()
    changed_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="application_kind_known", condition=models.Q(kind__in=Kind.values)),
            models.UniqueConstraint(
                models.functions.Lower("name"),
                condition=models.Q(removed_at__isnull=True),
                name="application_name_once",
            ),
        ]

    @cached_property
    def live_secrets(self) -> list[ApplicationSecret]:
        """The secrets that count, read once for this object."""
        return list(self.secrets.filter(ended_at__isnull=True).order_by("made_at"))

    def knows_secret(self, value: str) -> bool:
        """Whether this is one of its secrets. Every one is compared, whichever fits."""
        given = tokens.digest(value)
        fits = [hmac.compare_digest(bytes(each.digest), given) for each in self.live_secrets]
        return any(fits)


class ApplicationSecret(models.Model):
    """A secret of an application: random, so that its SHA-256 is as good as a slow hash. Two may live side by side
    while the application is moved from one to the next."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="secrets")
    digest = models.BinaryField(unique=True)
    made_at = models.DateTimeField()
    made_by = models.UUIDField()
    ended_at = models.DateTimeField(null=True)


class ApplicationAccess(models.Model):
    """An organisation whose people, and those of the organisations below, may use an application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="access")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["application", "organisation"], name="access_given_once")]


def find(application: UUID | str) -> Application | None:
    """The application of this id that is registered now, or None; also for what is no id at all."""
    try:
        key = application if isinstance(application, UUID) else UUID(application)
    except ValueError:
        return None
    return Application.objects.filter(pk=key, removed_at__isnull=True).first()


def registered() -> models.QuerySet[Application]:
    """Those registered now, by name."""
    return Application.objects.filter(removed_at__isnull=True).order_by(models.functions.Lower("name"))


def usable_by(account: Account) -> models.QuerySet[Application]:
    """Those that this person may use now: an organisation at or above theirs is named."""
    above = paths_above(account.organisation_path)
    return registered().filter(kind__in=FOR_PEOPLE, pk__in=_open_to(above))


def may_use(application: Application, account: Account) -> bool:
    """Whether this person may use this application."""
    above = paths_above(account.organisation_path)
    return ApplicationAccess.objects.filter(application=application, organisation__path__in=above).exists()


def paths_above(path: str) -> list[str]:
    """The paths of an organisation and of all above it."""
    parts = path.split(".")[:-1]
    return ["".join(f"{part}." for part in parts[:number]) for number in range(1, len(parts) + 1)]


def _open_to(paths: Sequence[str]) -> Any:
    return ApplicationAccess.objects.filter(organisation__path__in=paths).values("application")


def give_access(application: Application, organisations: Iterable[Organisation]) -> None:
    """Afterwards exactly these organisations are named."""
    wanted = {each.pk for each in organisations}
    application.access.exclude(organisation__in=wanted).delete()
    held = set(application.access.values_list("organisation", flat=True))
    ApplicationAccess.objects.bulk_create(
        ApplicationAccess(application=application, organisation_id=each) for each in sorted(wanted - held)
    )


def make_secret(application: Application, *, by: UUID, now: datetime) -> str:
    """Afterwards this value is a secret of the application, beside the youngest of before; older ones are over.

    The value is returned once and stored nowhere.
    """
    older = list(application.secrets.filter(ended_at__isnull=True).order_by("-made_at").values_list("pk", flat=True))
    application.secrets.filter(pk__in=older[1:]).update(ended_at=now)
    value, digest = tokens.new(tokens.APPLICATION_SECRET)
    ApplicationSecret.objects.create(application=application, digest=digest, made_at=now, made_by=by)
    return value


def end_older_secrets(application: Application, *, now: datetime) -> int:
    """Afterwards only the youngest secret counts. Returns how many ended."""
    live = list(application.secrets.filter(ended_at__isnull=True).order_by("-made_at").values_list("pk", flat=True))
    return application.secrets.filter(pk__in=live[1:]).update(ended_at=now)
