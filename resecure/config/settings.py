"""Django's settings, derived from the environment. ``settings.RESECURE`` is the whole configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from resecure.config.database import database
from resecure.config.environment import environment
from resecure.config.logs import configure as configure_logs

RESECURE = environment()
configure_logs(RESECURE.log_level)
HERE = Path(__file__).resolve().parent.parent

SECRET_KEY = RESECURE.secret_key.get_secret_value()
DEBUG = False
TESTING = "pytest" in sys.modules
ALLOWED_HOSTS = list(RESECURE.allowed_hosts)
ROOT_URLCONF = "resecure.config.urls"
WSGI_APPLICATION = "resecure.config.wsgi.pages"
DATABASES: dict[str, Any] = {"default": database(RESECURE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "resecure.audit",
    "resecure.propagation",
    "resecure.identity",
    "resecure.entrypoints.web",
]

MIDDLEWARE = [
    "resecure.entrypoints.probes.answered",
    "resecure.entrypoints.schedule.on_schedule",
    "resecure.entrypoints.metrics.measured",
    "resecure.entrypoints.web.middleware.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "resecure.entrypoints.web.middleware.never_stored",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "resecure.entrypoints.web.middleware.who_is_asking",
    "resecure.entrypoints.web.language.where_it_is_whole",
    "resecure.entrypoints.web.middleware.refusals",
    "resecure.entrypoints.web.step_up.detours",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [HERE / "entrypoints" / "web" / "templates"],
        "OPTIONS": {
            "environment": "resecure.entrypoints.web.jinja.environment",
            "context_processors": ["resecure.entrypoints.web.context.page_context"],
        },
    }
]

HTTPS = RESECURE.public_url.startswith("https://")
SESSION_COOKIE = "__Host-resecure" if HTTPS else "resecure"
SIGN_IN_COOKIE = "__Host-resecure-sign-in" if HTTPS else "resecure-sign-in"
BROWSER_COOKIE = "__Host-resecure-browser" if HTTPS else "resecure-browser"
DONE_COOKIE = "__Host-resecure-done" if HTTPS else "resecure-done"
NEXT_COOKIE = "__Host-resecure-next" if HTTPS else "resecure-next"
CSRF_COOKIE_NAME = "__Host-resecure-csrf" if HTTPS else "resecure-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(RESECURE.public_url))]
CSRF_FAILURE_VIEW = "resecure.entrypoints.web.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and RESECURE.trusted_proxies else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Without a session framework of Django's: ours dies by comparison with the account (docs/decisions/0001).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [NONE],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

PASSWORD_HASHERS = ["resecure.identity.passwords.Argon2"]
USE_TZ = True
TIME_ZONE = "Europe/London"
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("cy", "Cymraeg")]
# Where a language is whole. Elsewhere pages are English throughout: none may call English text Welsh (docs/texts.md).
LANGUAGE_ROOMS = {"cy": ["my_account", "sign_in", "not_me", "api"]}
LANGUAGE_COOKIE_NAME = "resecure-language"
LOCALE_PATHS = [HERE / "locale"]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
LOGGING_CONFIG = None
