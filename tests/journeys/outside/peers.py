"""Applications that nobody here wrote, started as their own documentation says, each beside a page to protect."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

APACHE = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
SECONDS_TO_START = 30

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Rota</title><link rel="icon" href="data:,">
</head><body><main><h1>The rota of the week</h1></main></body></html>"""
_APACHE = """
ServerName 127.0.0.1
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
LogLevel warn auth_openidc:info
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so
TypesConfig /etc/mime.types
{user}
DocumentRoot {folder}/pages

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client}
OIDCClientSecret {secret}
OIDCRedirectURI {here}/callback
OIDCCryptoPassphrase a-passphrase-of-this-test
OIDCScope "openid profile email"
OIDCResponseType code
OIDCPKCEMethod S256
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRemoteUserClaim email
OIDCSessionInactivityTimeout 3600

<Directory {folder}/pages>
    Require all granted
</Directory>
<Location />
    AuthType openid-connect
    Require valid-user
    Header set X-Signed-In "expr=%{{REMOTE_USER}}"
</Location>
"""


_NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    types {{ text/html html; }}
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def apache(folder: Path, *, port: int, issuer: str, client: str, secret: str) -> Iterator[str]:
    """Apache with Debian's mod_auth_openidc before one page; gives its address."""
    pages = folder / "pages"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text(PAGE)
    here = f"http://127.0.0.1:{port}"
    configuration = _APACHE.format(
        folder=folder,
        port=port,
        modules=MODULES,
        issuer=issuer,
        client=client,
        secret=secret,
        here=here,
        user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
    )
    (folder / "apache.conf").write_text(configuration)
    if os.geteuid() == 0:
        # The children serve as another user, who must be able to come here.
        for each in (folder, pages, *folder.parents):
            if each != Path("/") and each != Path("/tmp"):
                each.chmod(each.stat().st_mode | 0o055)
    with running([APACHE, "-f", str(folder / "apache.conf"), "-DFOREGROUND"], f"{here}/", folder):
        yield here


@contextmanager
def nginx(folder: Path, *, port: int, resecure: str, application: str, documented: str) -> Iterator[str]:
    """nginx before one page, configured as the manual says: ``documented`` is the text of the manual."""
    pages = folder / "pages"
    pages.mkdir(parents=True)
    (pages / "index.html").write_text(PAGE)
    locations = documented.replace("https://accounts.example.org", resecure)
    locations = locations.replace("accounts.example.org", resecure.removeprefix("http://"))
    locations = locations.replace("CLIENT-ID", application).replace("proxy_pass http://rota;", f"root {pages};")
    root = os.geteuid() == 0
    configuration = _NGINX.format(folder=folder, port=port, locations=locations, user="user root;" if root else "")
    (folder / "nginx.conf").write_text(configuration)
    here = f"http://127.0.0.1:{port}"
    with running(["/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], f"{here}/", folder):
        yield here


@contextmanager
def running(command: list[str], address: str, folder: Path) -> Iterator[None]:
    """The process, once it answers; ended afterwards."""
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = monotonic() + SECONDS_TO_START
        while not _answers(address):
            if monotonic() > until or process.poll() is not None:
                said = "".join(each.read_text() for each in folder.glob("*.log"))
                raise RuntimeError(f"{command[0]} does not answer:\n{said}")
            Event().wait(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    try:
        urlopen(address, timeout=5)  # noqa: S310 - our own address
    except HTTPError:
        return True
    except (URLError, OSError):
        return False
    return True
