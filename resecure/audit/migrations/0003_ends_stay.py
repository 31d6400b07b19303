"""The ends of the chains are never removed: without its end, a chain could be cut off or changed unnoticed."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER audit_ends_never_removed BEFORE DELETE ON audit_chainhead
  FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_ends_never_emptied BEFORE TRUNCATE ON audit_chainhead
  FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
"""
BACK = """
DROP TRIGGER audit_ends_never_emptied ON audit_chainhead;
DROP TRIGGER audit_ends_never_removed ON audit_chainhead;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_seal_in_one_statement")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
