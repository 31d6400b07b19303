"""The record as it is stored. The database computes the chain and refuses every change."""

from __future__ import annotations

from django.db import models


class Record(models.Model):
    """One thing that happened, or was refused. Never changed, never removed: triggers refuse both.

    ``hash`` is SHA-256 over the previous record's hash and every column, computed by the database in
    the transaction that inserts it, so that nobody who writes a record can choose its place.
    """

    id = models.BigAutoField(primary_key=True)
    chain = models.SmallIntegerField()
    position = models.BigIntegerField()
    at = models.DateTimeField()
    event = models.CharField(max_length=64)
    actor = models.UUIDField(null=True)
    target = models.UUIDField(null=True)
    organisation_path = models.CharField(max_length=200, default="", db_collation="C")
    details = models.TextField(default="{}")
    hash = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_one_place_in_the_chain"),
        ]
        indexes = [
            # People read by time; the number only keeps apart what happened in the same microsecond.
            models.Index(fields=["at", "id"], name="audit_by_time"),
            models.Index(fields=["target", "at", "id"], name="audit_of_target"),
            models.Index(fields=["actor", "at", "id"], name="audit_of_actor"),
            models.Index(fields=["event", "at", "id"], name="audit_of_event"),
            models.Index(fields=["organisation_path", "at", "id"], name="audit_of_organisation"),
        ]


class ChainHead(models.Model):
    """Where each chain ends: without it, records cut off at the end would not be missed."""

    chain = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField(default=0)
    hash = models.BinaryField()


class Checkpoint(models.Model):
    """A checkpoint as the console signed it, to be handed out. Here it proves nothing: who owns the database could
    change it, and what was kept elsewhere would show that."""

    id = models.BigAutoField(primary_key=True)
    made_at = models.DateTimeField()
    records = models.BigIntegerField()
    note = models.TextField()
