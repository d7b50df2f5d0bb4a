"""Places for the names of points in a plot, so that no name covers another; pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CHARACTER, LINE = 6.6, 14.0
"""Pixels of a character and a line at 12 px, on the safe side."""

GAP = 9.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two overlap."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name is written: the left end of its line and its middle, in pixels."""

    x: float
    y: float

    def nearest(self, x: float, name: str) -> float:
        """The end of the written name that lies nearer to x."""
        return self.x if self.x >= x else self.x + CHARACTER * len(name)


def place_labels(
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    size: tuple[float, float],
    obstacles: Sequence[Box] = (),
) -> list[Label]:
    """A place for each name near its point, inside the plot where it fits.

    Right of the point and a little above it first, then left of it, then further up and down; the
    first place that covers no point, obstacle or earlier name is taken, else the first of all.
    """
    taken = [*obstacles, *(Box(x - 5, y - 5, x + 5, y + 5) for x, y in points)]
    labels = []
    for (x, y), name in zip(points, names, strict=True):
        width = CHARACTER * len(name)
        tries = [
            Label(left, y + rise) for rise in _rises(size[1]) for left in (x + GAP, x - GAP - width)
        ]
        fits = (label for label in tries if _fits(_box(label, width), size, taken))
        label = next(fits, tries[0])
        taken.append(_box(label, width))
        labels.append(label)
    return labels


def _rises(height: float) -> list[float]:
    steps = int(height // LINE)
    return [sign * (step * LINE / 2 + LINE / 2) for step in range(2 * steps) for sign in (-1, 1)]


def _box(label: Label, width: float) -> Box:
    return Box(label.x, label.y - LINE / 2, label.x + width, label.y + LINE / 2)


def _fits(box: Box, size: tuple[float, float], taken: Sequence[Box]) -> bool:
    inside = box.left >= 0 and box.right <= size[0] and box.top >= 0 and box.bottom <= size[1]
    return inside and not any(box.meets(other) for other in taken)
