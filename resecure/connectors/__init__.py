"""The ways out. Plain values in and out; nothing of ours is imported here."""
