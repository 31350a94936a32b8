"""What a session says about itself before its first frame.

header = header_of(model, camera, name="walk", source=link_source(video, session_folder))
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from core.camera import Camera
from core.errors import SessionError
from core.rig import Rig
from core.session_schema import DAMAGE
from core.session_source import SourceLink


@runtime_checkable
class NamedModel(Protocol):
    """The part of a category model that a header quotes."""

    @property
    def name(self) -> str: ...
    @property
    def rig(self) -> Rig: ...
    @property
    def folder(self) -> Path | None: ...


@dataclass(frozen=True, eq=False)
class SessionHeader:
    """Facts that hold for a whole session."""

    name: str
    """Of the take; the animation's name in exports."""
    model_name: str
    model_sha256: str
    """Of the model's weights file; empty when the model has no file."""
    joint_names: tuple[str, ...]
    camera: Camera
    source: SourceLink | None = None
    """None for live takes that were not recorded."""
    settings: dict[str, Any] = field(default_factory=dict)
    """JSON values: thresholds, segmenter, lookahead, whatever made this result."""
    created_utc: str = field(default_factory=lambda: _now_utc())

    def to_json(self) -> str:
        """The header as JSON text."""
        camera = {
            "K": self.camera.K.tolist(),
            "width_px": self.camera.width_px,
            "height_px": self.camera.height_px,
        }
        return json.dumps(
            {
                "name": self.name,
                "model_name": self.model_name,
                "model_sha256": self.model_sha256,
                "joint_names": self.joint_names,
                "camera": camera,
                "source": asdict(self.source) if self.source else None,
                "settings": self.settings,
                "created_utc": self.created_utc,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> "SessionHeader":
        """The header in a JSON text.

        Raises:
            SessionError: A field is missing or of another kind.
        """
        try:
            fields = json.loads(text)
            source = fields["source"]
            return cls(
                name=str(fields["name"]),
                model_name=str(fields["model_name"]),
                model_sha256=str(fields["model_sha256"]),
                joint_names=tuple(str(name) for name in fields["joint_names"]),
                camera=_read_camera(fields["camera"]),
                source=SourceLink.from_fields(source) if source is not None else None,
                settings=dict(fields["settings"]),
                created_utc=str(fields["created_utc"]),
            )
        except DAMAGE as error:
            raise SessionError(f"The session's header is damaged ({error}).") from error


def header_of(
    model: NamedModel,
    camera: Camera,
    name: str,
    source: SourceLink | None = None,
    settings: dict[str, Any] | None = None,
) -> SessionHeader:
    """The header of a session made with a category model."""
    return SessionHeader(
        name=name,
        model_name=model.name,
        model_sha256=model_sha256(model),
        joint_names=model.rig.skeleton.names,
        camera=camera,
        source=source,
        settings=settings or {},
    )


def model_sha256(model: NamedModel) -> str:
    """Hash of the model's weights file; empty when it lies in memory only."""
    weights = model.folder / "weights.safetensors" if model.folder else None
    if weights is None or not weights.is_file():
        return ""
    with weights.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_camera(fields: dict[str, Any]) -> Camera:
    K = np.array(fields["K"], dtype=np.float64)
    if K.shape != (3, 3) or not np.isfinite(K).all():
        raise ValueError("the camera's K is not 3x3 finite numbers")
    return Camera(K, int(fields["width_px"]), int(fields["height_px"]))


def _now_utc() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
