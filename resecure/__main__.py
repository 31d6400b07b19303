"""`python -m resecure …` is `resecure …`."""

from __future__ import annotations

import sys

from resecure.entrypoints.console.main import main

sys.exit(main())
