"""Applications for the benchmarks: one process that answers every POST with 200.

python -m bench.receiver PORT
"""

from __future__ import annotations

import sys

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    """As an application that ends the session at once."""
    await request.read()
    return web.Response(status=200)


def main() -> None:
    """Until SIGTERM."""
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", answer)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)


if __name__ == "__main__":
    main()
