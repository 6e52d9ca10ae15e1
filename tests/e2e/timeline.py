"""What was there over time: looked at from outside, printed as a table and drawn as a figure."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 360, 52, 16, 40, 48


@dataclass(frozen=True, slots=True)
class Sample:
    """One look."""

    seconds: float
    values: dict[str, int]


class Timeline:
    """Looks every so often in a thread of its own, from ``with`` to its end."""

    def __init__(self, looks: Mapping[str, Callable[[], int]], *, every_seconds: float = 2) -> None:
        self._looks = looks
        self._every = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="timeline")
        self.samples: list[Sample] = []
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _type: type[BaseException] | None, _e: object, _tb: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        began = time.monotonic()
        try:
            over = False
            while not over:
                # The last look is after the end.
                over = self._over.wait(self._every if self.samples else 0)
                seconds = time.monotonic() - began
                self.samples.append(Sample(seconds, {name: look() for name, look in self._looks.items()}))
        except Exception as error:  # noqa: BLE001 - told by the test, in its own thread
            self.error = error

    def most(self, name: str) -> int:
        return max(sample.values[name] for sample in self.samples)

    def table(self) -> str:
        """One line for each look at which something had changed."""
        names = list(self._looks)
        lines = ["     s  " + "  ".join(names)]
        before = None
        for sample in self.samples:
            if sample.values != before:
                cells = (f"{sample.values[name]:>{len(name)}}" for name in names)
                lines.append(f"{sample.seconds:6.0f}  " + "  ".join(cells))
                before = sample.values
        return "\n".join(lines)

    def draw(self, path: Path, title: str) -> None:
        """An SVG with a stepped line for each thing looked at."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._svg(title), encoding="utf-8")

    def _svg(self, title: str) -> str:
        end = max(self.samples[-1].seconds, 1)
        top = max(*(self.most(name) for name in self._looks), 1)
        width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

        def x(seconds: float) -> float:
            return round(LEFT + seconds / end * width, 1)

        def y(value: float) -> float:
            return round(TOP + height - value / top * height, 1)

        parts = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
                f'font-family="system-ui, sans-serif" font-size="12"><title>{title}</title>'
            ),
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        ]
        for value in sorted({round(top * share / 4) for share in range(5)}):
            parts.append(f'<path d="M{LEFT} {y(value)}H{WIDTH - RIGHT}" stroke="#ddd"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value}</text>')
        step = next(s for s in (10, 20, 30, 60, 120, 300, 600) if end / s <= 12)
        for second in range(0, int(end) + 1, step):
            label = f'<text x="{x(second)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{second}</text>'
            parts.append(label)
        parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 10}" text-anchor="end">seconds</text>')
        for number, name in enumerate(self._looks):
            colour = COLOURS[number % len(COLOURS)]
            path = f"M{x(0)} {y(self.samples[0].values[name])}"
            path += "".join(f"H{x(s.seconds)}V{y(s.values[name])}" for s in self.samples[1:])
            parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts.append(
                f'<rect x="{LEFT + 170 * number}" y="14" width="12" height="12" fill="{colour}"/>'
                f'<text x="{LEFT + 170 * number + 18}" y="24">{name}</text>'
            )
        return "\n".join([*parts, "</svg>", ""])
