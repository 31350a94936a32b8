"""`export --onto MODEL|RIG.glb`: the body that shall play the take, and the map of its joints."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.bone_map import bone_map, read_bone_map, write_bone_map
from core.errors import ExportError
from core.export.onto import take_onto
from core.export.take import Take
from core.rig import Rig


@dataclass(frozen=True, eq=False)
class OtherBody:
    """Where to put a take."""

    rig: Rig
    facts: dict[str, Any]
    """For the file's `extras`."""
    map_path: Path
    """Read if it is there and was asked for; else a guess is written there, for the person."""
    is_asked: bool

    @classmethod
    def find(cls, text: str, map_path: Path, *, is_asked: bool) -> "OtherBody":
        """A rigged .glb or .gltf, or a category model by its name or place.

        Raises:
            RigError, ModelError: It cannot be read.
        """
        from core.model import load_model
        from core.rig_import import read_rig

        path = Path(text).expanduser()
        if path.suffix.lower() in (".glb", ".gltf"):
            return cls(read_rig(path).rig, {"onto": path.name}, map_path, is_asked)
        model = load_model(text)
        known = {key: model.card[key] for key in ("category", "licence") if key in model.card}
        return cls(model.rig, {"onto": model.name, **known}, map_path, is_asked)

    def wear(self, take: Take) -> Take:
        """The take on this body, with a note where joints were guessed.

        Raises:
            RigError: The map names joints that are not there.
            ExportError: No joint is mapped, or the map cannot be written.
        """
        source, target = take.body.skeleton, self.rig.skeleton
        if self.is_asked and self.map_path.exists():
            found = read_bone_map(self.map_path, source, target)
            return take_onto(take, self.rig, found, self.facts)
        found = bone_map(source, target)
        worn = take_onto(take, self.rig, found, self.facts)
        if set(source.names) == set(target.names) and not self.is_asked:
            return worn
        try:
            write_bone_map(self.map_path, found)
        except OSError as error:
            raise ExportError(f"Cannot write {self.map_path} ({error.strerror}).") from error
        note = (
            f"The joints were matched by a guess: correct {self.map_path} and export again with "
            f"--bone-map {self.map_path}."
        )
        return replace(worn, notes=(*worn.notes, note))
