"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """``Clock`` that tells what the machine thinks the time is."""

    def now(self) -> int:
        return int(time.time())
