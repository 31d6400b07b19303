"""Accounts, organisations, roles, credentials, agreements, confirmations, sign-ins and sessions."""
