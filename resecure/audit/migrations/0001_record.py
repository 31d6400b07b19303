"""The record, its chains, and the triggers that seal it."""

from django.db import migrations, models

SEAL = """
CREATE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head audit_chainhead%ROWTYPE;
  places text;
  moment text;
  actor text;
  target text;
BEGIN
  -- The row lock makes two transactions queue for the end of a chain, so places have no gaps.
  SELECT * INTO STRICT head FROM audit_chainhead WHERE chain = NEW.chain FOR NO KEY UPDATE;
  NEW.position := head.position + 1;
  -- Each part with its length before it, so that no two records can read the same. One expression: a loop
  -- over the parts takes several times as long, and the account's row is locked meanwhile.
  places := NEW.position::text;
  moment := ((extract(epoch from NEW.at) * 1000000)::bigint)::text;
  actor := coalesce(NEW.actor::text, '');
  target := coalesce(NEW.target::text, '');
  NEW.hash := sha256(head.hash || convert_to(concat(
    length(NEW.chain::text), ':', NEW.chain, length(places), ':', places, length(moment), ':', moment,
    octet_length(NEW.event), ':', NEW.event, length(actor), ':', actor, length(target), ':', target,
    octet_length(NEW.organisation_path), ':', NEW.organisation_path,
    octet_length(NEW.details), ':', NEW.details), 'UTF8'));
  UPDATE audit_chainhead SET position = NEW.position, hash = NEW.hash WHERE chain = NEW.chain;
  RETURN NEW;
END $$;
CREATE TRIGGER audit_seal BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION audit_seal();

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the record is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_never_changed BEFORE UPDATE OR DELETE ON audit_record
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON audit_record
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

INSERT INTO audit_chainhead (chain, position, hash)
SELECT chain, 0, sha256('resecure audit'::bytea) FROM generate_series(0, 63) AS chain;
"""
UNSEAL = """
DROP TRIGGER audit_never_emptied ON audit_record;
DROP TRIGGER audit_never_changed ON audit_record;
DROP TRIGGER audit_seal ON audit_record;
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_seal();
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        migrations.CreateModel(
            name="ChainHead",
            fields=[
                ("chain", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="Record",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("chain", models.SmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("event", models.CharField(max_length=64)),
                ("actor", models.UUIDField(null=True)),
                ("target", models.UUIDField(null=True)),
                ("organisation_path", models.CharField(db_collation="C", default="", max_length=200)),
                ("details", models.TextField(default="{}")),
                ("hash", models.BinaryField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["target", "-id"], name="audit_by_target"),
                    models.Index(fields=["actor", "-id"], name="audit_by_actor"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("chain", "position"), name="audit_one_place_in_the_chain")
                ],
            },
        ),
        migrations.RunSQL(SEAL, UNSEAL),
    ]
