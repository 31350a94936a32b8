"""Recipe files: JSON fields become a `Recipe`, whatever is nested in it too.

recipe = read_recipe(Path("training/recipes/dog.json"), rigs=Path("../shared/data/rigs"))
"""

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

from core.errors import ExplainedError
from training.recipe import Recipe


def read_recipe(path: Path, rigs: Path) -> Recipe:
    """A recipe; its rigs are looked for beside the file, then in the rigs folder.

    Raises:
        ExplainedError: The file is missing, is no recipe, or names a rig that is in neither place.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        recipe = built(Recipe, fields)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExplainedError(
            f"{str(path)!r} is no recipe ({error}): see training/recipes."
        ) from error

    def found(names: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(_found(name, path.parent, rigs) for name in names)

    teacher = dataclasses.replace(recipe.teacher, motion_rigs=found(recipe.teacher.motion_rigs))
    return dataclasses.replace(recipe, rigs=found(recipe.rigs), teacher=teacher)


def built(kind: Any, value: Any) -> Any:
    """A value of a type from plain JSON: dataclasses of objects, tuples of lists.

    Raises:
        ValueError: A field is unknown, or a value is of another kind.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise ValueError(f"{kind.__name__} must be an object, not {value!r}")
        hints = typing.get_type_hints(kind)
        unknown = sorted(value.keys() - hints.keys())
        if unknown:
            raise ValueError(f"{kind.__name__} has no {unknown[0]!r}")
        return kind(**{name: built(hints[name], item) for name, item in value.items()})
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{value!r} must be a list")
        kinds = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(built(k, item) for k, item in zip(kinds, value, strict=True))
    if origin in (typing.Union, types.UnionType):
        return None if value is None else built(_member(inner, value), value)
    if kind is Path:
        return Path(str(value))
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} must be of type {kind.__name__}")
    return value


def _member(kinds: tuple[Any, ...], value: Any) -> Any:
    """Which kind of a union is meant: the first whose fields hold all that is given."""
    if not isinstance(value, dict):
        return kinds[0]
    fields = {kind: typing.get_type_hints(kind).keys() for kind in kinds}
    return next((kind for kind in kinds if value.keys() <= fields[kind]), kinds[0])


def _found(name: Path, *folders: Path) -> Path:
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    raise ExplainedError(f"There is no rig {name} in {folders[-1]}: give its folder with --rigs.")
