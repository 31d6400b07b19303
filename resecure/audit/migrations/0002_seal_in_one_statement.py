"""The same seal, by one statement instead of two: the account's row is locked meanwhile."""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  moment text := ((extract(epoch from NEW.at) * 1000000)::bigint)::text;
  actor text := coalesce(NEW.actor::text, '');
  target text := coalesce(NEW.target::text, '');
BEGIN
  -- The UPDATE makes two transactions queue for the end of a chain, so places have no gaps: the second goes on
  -- from what the first has committed. Each part stands with its length before it, so that no two records can
  -- read the same.
  UPDATE audit_chainhead h SET position = h.position + 1, hash = sha256(h.hash || convert_to(concat(
    length(NEW.chain::text), ':', NEW.chain, length((h.position + 1)::text), ':', h.position + 1,
    length(moment), ':', moment,
    octet_length(NEW.event), ':', NEW.event, length(actor), ':', actor, length(target), ':', target,
    octet_length(NEW.organisation_path), ':', NEW.organisation_path,
    octet_length(NEW.details), ':', NEW.details), 'UTF8'))
  WHERE h.chain = NEW.chain RETURNING h.position, h.hash INTO STRICT NEW.position, NEW.hash;
  RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_record")]
    # Back: the function of 0001 and this one make the same seal, so there is nothing to put back.
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
