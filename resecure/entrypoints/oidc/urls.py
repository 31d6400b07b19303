"""The endpoints of the OpenID provider that Django answers; those asked at every request are in asking.py."""

from django.urls import path

from resecure.entrypoints.oidc import authorize, discovery, end_session, token

app_name = "oidc"
urlpatterns = [
    path(".well-known/openid-configuration", discovery.configuration, name="configuration"),
    path(".well-known/oauth-authorization-server", discovery.configuration, name="authorization_server"),
    path("oidc/jwks", discovery.jwks, name="jwks"),
    path("oidc/authorize", authorize.authorize, name="authorize"),
    path("oidc/token", token.token, name="token"),
    path("oidc/revoke", token.revoke, name="revoke"),
    path("oidc/end-session", end_session.end_session, name="end_session"),
]
