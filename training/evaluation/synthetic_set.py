"""The standing test set `synthetic`: clips made by seed, the same on every machine.

    test_set = synthetic_set("dog")
    clips = test_set.clips(Path("../shared/data/rigs"))

The shipped student learns from all motions of its rigs. So on those rigs seeds, cameras,
surroundings, coats, proportions and courses of motion are unseen, but the motion clips are not; the
unseen rigs are held out whole.
Seeds from 900000 on belong to this set: nothing else may draw from them.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import platformdirs

from core.errors import SourceError
from core.rig_import import read_rig
from core.segment.mask_set import open_masks
from training.clip import Clip, read_clip
from training.face_front import faced_front
from training.invented_motion import invented_clips
from training.prepare_rig import thinned
from training.synth.bodies import SynthBody
from training.synth.clip_folder import IMPERFECT_MASKS, write_synthetic_clip
from training.synth.clips import GENERATOR_VERSION, ClipConfig, ClipFactory

Report = Callable[[str, float, float | None], None]

FIRST_SEED = 900_000
_IMPERFECT = "_imperfect"
_FACE_LIMIT = 4800
"""Heavier rigs perform thinned: scores do not change, their time does."""


@dataclass(frozen=True)
class SyntheticSet:
    """Clips of rigs that were trained on, and of a sibling that was not."""

    category: str
    trained: tuple[str, ...]
    unseen: tuple[str, ...]
    clips_each: int = 4
    """Clips of the trained rigs together, and as many of the unseen ones."""
    config: ClipConfig = field(default_factory=lambda: ClipConfig(frames=60))

    def clips(
        self,
        rigs: Path,
        cache: Path | None = None,
        has_perfect_masks: bool = True,
        report: Report = lambda stage, done, total: None,
    ) -> list[Clip]:
        """Read the clips; those that are not there yet are made first.

        Args:
            rigs: Folder with the rigs' .glb files.
            cache: Where clips are kept; a folder of the user's when absent.
            has_perfect_masks: False: with masks as a segmenter would give them.
            report: Told the stage, clips done and clips in all.

        Raises:
            RigError: A rig is missing or damaged.
            GraphicsError: Clips have to be made and there is no OpenGL.
        """
        cache = cache or default_cache()
        folders = self._folders(rigs, cache)
        missing = [item for item in folders if not _is_whole(item[2])]
        self._make(rigs, missing, report)
        return [_read(folder, group, has_perfect_masks) for group, _, folder in folders]

    def groups(self, clips: list[Clip]) -> dict[str, str]:
        """Clip name to the group that it counts for."""
        kind = {rig: "unseen rigs" for rig in self.unseen}
        return {
            clip.name: kind.get(clip.rig_name, "trained rigs")
            + (", imperfect masks" if clip.name.endswith(_IMPERFECT) else "")
            for clip in clips
        }

    def _folders(self, rigs: Path, cache: Path) -> list[tuple[str, int, Path]]:
        """Rig, seed and folder of each clip; another generator or rig file makes another folder."""
        folders = []
        for kind, names in enumerate((self.trained, self.unseen)):
            for number in range(self.clips_each):
                name = names[number % len(names)]
                seed = FIRST_SEED + 1000 * kind + number
                facts = f"{GENERATOR_VERSION} {self.config}".encode() + _file_hash(
                    rigs / f"{name}.glb"
                )
                version = hashlib.sha256(facts).hexdigest()[:10]
                folders.append((name, seed, cache / f"{name}_{seed}_{version}"))
        return folders

    def _make(self, rigs: Path, missing: list[tuple[str, int, Path]], report: Report) -> None:
        if not missing:
            return
        config = replace(self.config, category=self.category)
        bodies = {name: read_body(rigs / f"{name}.glb") for name, _, _ in missing}
        factory = ClipFactory(config)
        try:
            for done, (name, seed, folder) in enumerate(missing):
                report("making synthetic clips", done, len(missing))
                clip, pictures = factory.make(bodies[name], seed)
                folder.parent.mkdir(parents=True, exist_ok=True)
                write_synthetic_clip(folder, clip, pictures)
        finally:
            factory.release()
        report("making synthetic clips", len(missing), len(missing))


SYNTHETIC_SETS = {
    "dog": SyntheticSet("dog", ("quad_q_shibainu", "quad_q_wolf"), ("quad_q_fox",)),
    "horse": SyntheticSet("horse", ("quad_q_horse", "quad_q_deer"), ("quad_q_donkey",), 6),
    "human": SyntheticSet("human", ("human_ubc_male", "human_ubc_female"), ("human_cesiumman",), 6),
}


def synthetic_set(category: str) -> SyntheticSet:
    """The standing set of a category.

    Raises:
        SourceError: There is none.
    """
    if category not in SYNTHETIC_SETS:
        known = ", ".join(SYNTHETIC_SETS)
        raise SourceError(
            f"There is no synthetic test set for {category} (only {known}); "
            "make clips with main.py synthesize and give their folders."
        )
    return SYNTHETIC_SETS[category]


def synthetic_clips(
    category: str, rigs: Path, has_perfect_masks: bool, report: Report
) -> tuple[list[Clip], dict[str, str]]:
    """The standing set of a category, and which group each clip counts for.

    Raises:
        ExplainedError: There is none, or its rigs are missing.
    """
    test_set = synthetic_set(category)
    clips = test_set.clips(rigs, has_perfect_masks=has_perfect_masks, report=report)
    return clips, test_set.groups(clips)


def read_body(path: Path) -> SynthBody:
    """A rig as its own template, ready to perform; one without motions sways at random.

    Raises:
        RigError: The file is no usable rig.
    """
    imported, _ = faced_front(read_rig(path))
    clips = imported.clips or invented_clips(imported.rig.skeleton)
    return SynthBody.alone(thinned(imported.rig, _FACE_LIMIT), clips)


def default_cache() -> Path:
    """Where clips are kept between runs."""
    return Path(platformdirs.user_cache_dir("dasr-studio", appauthor=False)) / "synthetic"


def _read(folder: Path, rig: str, has_perfect_masks: bool) -> Clip:
    clip = read_clip(folder)
    if has_perfect_masks:
        return clip
    masks = open_masks(folder / IMPERFECT_MASKS)
    alphas = [masks.read(frame) for frame in range(clip.frame_count)]
    there = [
        np.zeros_like(true) if a is None else a for a, true in zip(alphas, clip.masks, strict=True)
    ]
    return replace(clip, name=clip.name + _IMPERFECT, masks=np.stack(there))


def _is_whole(folder: Path) -> bool:
    return (folder / "clip.json").is_file() and (folder / IMPERFECT_MASKS).is_file()


def _file_hash(path: Path) -> bytes:
    if not path.is_file():
        raise SourceError(f"There is no rig {path}; give the folder of rigs with --rigs.")
    return hashlib.sha256(path.read_bytes()).digest()
