"""Resecure: an account portal in which an administrator takes an account back in one action."""
