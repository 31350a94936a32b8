"""Typed access to untrusted JSON: every wrong type, range or missing key is one readable sentence.

accessor = GltfObject(json.loads(text), "dog.glb", "").children("accessors")[3]
count = accessor.integer("count", minimum=1)
"""

import math
from dataclasses import dataclass
from typing import Any

from core.errors import RigError

REQUIRED: Any = object()
"""Default of a key that must be there."""
_LARGEST = 2**53


@dataclass(frozen=True, eq=False)
class GltfObject:
    """One JSON object of a glTF file, with its place for error messages."""

    values: dict[str, Any]
    file_name: str
    where: str
    """Path within the document, such as `accessors[3]`; empty for the document itself."""

    def has(self, key: str) -> bool:
        return key in self.values

    def integer(
        self, key: str, default: Any = REQUIRED, minimum: int = 0, below: int | None = None
    ) -> Any:
        """Whole number in minimum <= value < below, or the default where the key is missing."""
        value = self._get(key, default)
        if key not in self.values:
            return value
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON knows no integers: 3.0 is 3
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(key, f"must be a whole number, is {_shown(value)}")
        if value >= _LARGEST:
            raise self.wrong(key, "is far too large")
        if value < minimum or (below is not None and value >= below):
            limit = f"at least {minimum}" if below is None else f"from {minimum} to {below - 1}"
            raise self.wrong(key, f"must be {limit}, is {_shown(value)}")
        return value

    def index(self, key: str, count: int, default: Any = REQUIRED) -> Any:
        """Index into a list of `count` things."""
        return self.integer(key, default, 0, count)

    def numbers(self, key: str, count: int, default: Any = REQUIRED) -> Any:
        """List of `count` finite numbers as floats."""
        value = self._get(key, default)
        if key not in self.values:
            return value
        if not isinstance(value, list) or len(value) != count:
            raise self.wrong(key, f"must be a list of {count} numbers")
        return [self._finite(key, number) for number in value]

    def number(self, key: str, default: float) -> float:
        return self._finite(key, self.values.get(key, default))

    def indices(self, key: str, count: int) -> list[int]:
        """List of indices into `count` things; empty where the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, f"must be a list, is {_shown(value)}")
        for item in value:
            is_index = isinstance(item, int) and not isinstance(item, bool) and 0 <= item < count
            if not is_index:
                raise self.wrong(key, f"must hold numbers below {count}, holds {_shown(item)}")
        return value

    def text(self, key: str, default: Any = REQUIRED) -> Any:
        value = self._get(key, default)
        if key in self.values and not isinstance(value, str):
            raise self.wrong(key, f"must be text, is {_shown(value)}")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, is {_shown(value)}")
        return value

    def texts(self, key: str) -> list[str]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.wrong(key, "must be a list of texts")
        return value

    def child(self, key: str) -> "GltfObject | None":
        """Object under a key; None where the key is missing."""
        if key not in self.values:
            return None
        return self._wrapped(self.values[key], f"{self._prefix}{key}")

    def children(self, key: str) -> list["GltfObject"]:
        """List of objects under a key; empty where the key is missing."""
        value = self.values.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(key, f"must be a list, is {_shown(value)}")
        return [
            self._wrapped(item, f"{self._prefix}{key}[{index}]") for index, item in enumerate(value)
        ]

    def wrong(self, key: str, text: str) -> RigError:
        """The error that says what is wrong with a key of this object."""
        return RigError(f"{self.file_name} is a broken glTF file: {self._prefix}{key} {text}.")

    def broken(self, text: str) -> RigError:
        """The error that says what is wrong with this object."""
        return RigError(f"{self.file_name} is a broken glTF file: {self.where} {text}.")

    @property
    def _prefix(self) -> str:
        return f"{self.where}." if self.where else ""

    def _get(self, key: str, default: Any) -> Any:
        if key in self.values:
            return self.values[key]
        if default is REQUIRED:
            raise self.wrong(key, "is missing")
        return default

    def _finite(self, key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, f"must be a number, is {_shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.wrong(key, "holds a number that is not finite")
        return number

    def _wrapped(self, value: object, where: str) -> "GltfObject":
        if not isinstance(value, dict):
            raise RigError(
                f"{self.file_name} is a broken glTF file: {where} must be an object, "
                f"is {_shown(value)}."
            )
        return GltfObject(value, self.file_name, where)


def _shown(value: object) -> str:
    """A short form of any JSON value."""
    text = repr(value) if isinstance(value, str | int | float | None) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:37]}..."
