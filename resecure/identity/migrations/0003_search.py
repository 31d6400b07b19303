"""What search walks: each index answers from itself, in the order in which results are shown."""

from django.db import migrations

FORWARD = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX search_by_family ON identity_account (family_key, given_key, id)
  INCLUDE (organisation_path, status, search_key) WHERE NOT is_system;
CREATE INDEX search_by_given ON identity_account (given_key, family_key, id)
  INCLUDE (organisation_path, status, search_key) WHERE NOT is_system;
CREATE INDEX search_by_place ON identity_account (organisation_path, family_key, given_key, id)
  INCLUDE (status, search_key) WHERE NOT is_system;
-- All but the large majority: a status filter must not read past two million Active accounts.
CREATE INDEX search_by_status ON identity_account (status, organisation_path, family_key, given_key, id)
  INCLUDE (search_key) WHERE NOT is_system AND status <> 'active';
CREATE INDEX search_by_address ON identity_account (address COLLATE "C", id)
  INCLUDE (organisation_path, status) WHERE NOT is_system;
CREATE INDEX search_anywhere ON identity_account USING gin (search_key gin_trgm_ops) WHERE NOT is_system;
CREATE INDEX search_anywhere_not_active ON identity_account USING gin (search_key gin_trgm_ops)
  WHERE NOT is_system AND status <> 'active';
"""
# The extension stays: it may have been there before, or serve somebody else by now.
BACK = """
DROP INDEX search_anywhere_not_active;
DROP INDEX search_anywhere;
DROP INDEX search_by_address;
DROP INDEX search_by_status;
DROP INDEX search_by_place;
DROP INDEX search_by_given;
DROP INDEX search_by_family;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_guards")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
