"""The ways in. Each turns a request into one call of one operation, and alone knows its protocol."""
