"""Applications for the benchmarks: one process that answers every POST with 200, and says afterwards what came.

python -m bench.receiver PORT
"""

from __future__ import annotations

import json
import sys
from base64 import urlsafe_b64decode
from urllib.parse import parse_qs
from urllib.request import urlopen

from aiohttp import web

CAME = web.AppKey("came", list[str])


async def answer(request: web.Request) -> web.Response:
    """As an application that ends the session at once."""
    [token] = parse_qs((await request.read()).decode())["logout_token"]
    claims = token.split(".")[1]
    request.app[CAME].append(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sid"])
    return web.Response(status=200)


async def all_that_came(request: web.Request) -> web.Response:
    """The ``sid`` of every logout token, in the order in which they came."""
    return web.json_response(request.app[CAME])


def came(port: int) -> list[str]:
    """What the applications at this port were told."""
    with urlopen(f"http://127.0.0.1:{port}/came") as answered:
        found: list[str] = json.load(answered)
    return found


def main() -> None:
    """Until SIGTERM."""
    application = web.Application()
    application[CAME] = []
    application.router.add_get("/came", all_that_came)
    application.router.add_post("/{rest:.*}", answer)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
