"""What the database refuses, whoever asks: a generation that falls, an account placed outside the tree."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION identity_generation_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.generation < OLD.generation THEN
    RAISE EXCEPTION 'the generation of an account never falls' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER identity_generation_only_grows BEFORE UPDATE OF generation ON identity_account
  FOR EACH ROW EXECUTE FUNCTION identity_generation_only_grows();

-- The path beside the organisation is what scope reads; this keeps the two the same, also when one moves.
ALTER TABLE identity_organisation ADD CONSTRAINT organisation_at_path UNIQUE (id, path);
ALTER TABLE identity_account ADD CONSTRAINT account_at_its_organisations_path
  FOREIGN KEY (organisation_id, organisation_path) REFERENCES identity_organisation (id, path) ON UPDATE CASCADE;
CREATE INDEX identity_account_organisation ON identity_account (organisation_id);

-- No index holds a column that a resecure, a sign-in or a wrong password writes, and pages keep room: such an update touches the row alone and none of the indexes, however many search needs.
ALTER TABLE identity_account SET (fillfactor = 80);
-- What the clock looks for.
CREATE INDEX identity_account_status_since ON identity_account (status, status_since) WHERE status <> 'active';
CREATE INDEX identity_account_never_used ON identity_account (created_at)
  WHERE last_sign_in_at IS NULL AND status = 'active';
CREATE INDEX identity_account_pending ON identity_account (organisation_path) WHERE status = 'pending';

-- The service's own account: scheduled operations and the operator's console act by it. Nobody signs in as it.
INSERT INTO identity_organisation (code, name, name_key, kind, path, postcode, closed_on, desk_phone, desk_hours,
  desk_note, policy)
VALUES ('RESECURE', 'Resecure', 'resecure', 'service', 'RESECURE.', '', CURRENT_DATE, '', '', '', '{}');
INSERT INTO identity_account (id, address, given_name, family_name, given_key, family_key, search_key, job_title,
  mobile, language, organisation_id, organisation_path, is_system, status, status_since, generation, password,
  password_is_temporary, temporary_password_key, secret_key_name, has_security_questions, wrong_passwords,
  created_at, updated_at)
SELECT '00000000-0000-4000-8000-000000000001', 'service@resecure.invalid', 'Resecure', 'service', '', '', '', '',
  '', 'en-gb', id, path, true, 'disabled', now(), 1, '', false, '', '', false, 0, now(), now()
FROM identity_organisation WHERE code = 'RESECURE';
"""
BACK = """
DELETE FROM identity_account WHERE is_system;
DELETE FROM identity_organisation WHERE code = 'RESECURE';
DROP INDEX identity_account_pending;
DROP INDEX identity_account_never_used;
DROP INDEX identity_account_status_since;
ALTER TABLE identity_account RESET (fillfactor);
DROP INDEX identity_account_organisation;
ALTER TABLE identity_account DROP CONSTRAINT account_at_its_organisations_path;
ALTER TABLE identity_organisation DROP CONSTRAINT organisation_at_path;
DROP TRIGGER identity_generation_only_grows ON identity_account;
DROP FUNCTION identity_generation_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_identity")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
