"""A person's way into an application, request by request, so that a test can change what is carried on the way."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from resecure.identity.applications import Application
from tests.journeys.outside.peers import apache, free_port, running
from tests.journeys.stories import Story

NODE = Path(__file__).parent / "node"
SHOWN = "The rota of the week"
# Where each takes logout tokens; nothing where it has no such place.
LOGOUT = {"apache": "/callback?logout=backchannel", "express": "/backchannel-logout", "openid-client": ""}


def old_node() -> bool:
    """Debian 12's own Node is older than what express-openid-connect says it needs."""
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("v").partition(".")[0]) < 20


@dataclass(kw_only=True)
class Peer:
    """A running application of a client that nobody here wrote."""

    client: str
    here: str
    application: Application
    secret: str

    @property
    def logout(self) -> str:
        return self.here + LOGOUT[self.client]


@contextmanager
def peer_of(story: Story, register: Callable[..., tuple[Any, str]], folder: Path, *, client: str) -> Iterator[Peer]:
    """The application, registered and started; without a logout address, so that only the test tells it anything."""
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    application, secret = register(f"Rota {port}", redirect_addresses=[f"{here}/callback"], asks_each_time=True)
    made = Peer(client=client, here=here, application=application, secret=secret)
    if client == "apache":
        where = folder / "apache"
        with apache(where, port=port, issuer=story.service.url, client=str(application.pk), secret=secret):
            yield made
    else:
        script = str(NODE / f"{client}.mjs")
        command = ["node", script, story.service.url, str(application.pk), secret, str(port)]
        with running(command, f"{here}/healthy", folder):
            yield made


class Visitor:
    """A browser without pages: it holds the application's cookies, and is signed in to Resecure."""

    def __init__(self, story: Story, peer: Peer, person: Any) -> None:
        self.peer = peer
        self._ours = {story.cookie: story.world.session(person)}
        self._at_the_application = requests.Session()
        # A connection that is kept would be one that the server closes at the moment in which it is used again.
        self._at_the_application.headers["Connection"] = "close"

    def begins(self) -> str:
        """From the application to the authorization endpoint and its answer, which is not yet carried back."""
        led = self._gets(f"{self.peer.here}/")
        assert led.status_code == 302, led.text
        return self.answered(led.headers["Location"])

    def asks(self) -> str:
        """The authorization request alone."""
        return self._gets(f"{self.peer.here}/").headers["Location"]

    def answered(self, question: str) -> str:
        """Where Resecure leads the browser with its answer."""
        back = requests.get(question, cookies=self._ours, allow_redirects=False, timeout=10)
        assert back.status_code == 302, back.text
        return back.headers["Location"]

    def arrives(self, answer: str) -> int:
        """Carries an answer to the application; the status that it gives."""
        return self._gets(answer).status_code

    def signs_in(self) -> None:
        assert self.arrives(self.begins()) == 302
        assert self.is_in()

    def is_in(self) -> bool:
        page = self._gets(f"{self.peer.here}/")
        return page.status_code == 200 and SHOWN in page.text

    def _gets(self, address: str) -> requests.Response:
        # The header by which Apache tells a browser from a program, which would be led nowhere.
        headers = {"Accept": "text/html"}
        return self._at_the_application.get(address, headers=headers, allow_redirects=False, timeout=20)


def changed(answer: str, **changes: str | None) -> str:
    """The same answer with other parameters; one of None is left out."""
    parts = urlsplit(answer)
    kept = {name: value for name, value in parse_qsl(parts.query) if name not in changes}
    added = {name: value for name, value in changes.items() if value is not None}
    return urlunsplit(parts._replace(query=urlencode({**kept, **added})))


def carried(answer: str, name: str) -> str:
    """One parameter of an answer."""
    return dict(parse_qsl(urlsplit(answer).query))[name]
