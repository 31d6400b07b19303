"""Files that nobody else may read, and locks between processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold this lock file alone. The kernel lets go of it when the holder dies."""
    number = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def write_private(file: Path, text: str) -> None:
    """Write a file that did not exist, readable by nobody else from its first byte on."""
    file_number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file_number, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
