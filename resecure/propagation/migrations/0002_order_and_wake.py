"""The order of deliveries, and waking the workers when a transaction that wrote some commits."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE propagation_order;
CREATE FUNCTION propagation_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('resecure_deliveries', '');
  RETURN NULL;
END $$;
CREATE TRIGGER propagation_wake AFTER INSERT ON propagation_delivery
  FOR EACH STATEMENT EXECUTE FUNCTION propagation_wake();
"""
BACK = """
DROP TRIGGER propagation_wake ON propagation_delivery;
DROP FUNCTION propagation_wake();
DROP SEQUENCE propagation_order;
"""


class Migration(migrations.Migration):
    dependencies = [("propagation", "0001_outbox")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
