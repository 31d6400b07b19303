"""Raw statements, where milliseconds count. The lowest room: it knows no table."""
