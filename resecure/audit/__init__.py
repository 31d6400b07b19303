"""The append-only record. It knows no model of ours and holds no foreign keys."""
