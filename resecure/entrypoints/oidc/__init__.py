"""The OpenID provider: applications sign people in through us (OpenID Connect Core 1.0, OAuth 2.0, RFC 9700)."""
