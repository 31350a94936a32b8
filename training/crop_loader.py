"""Batches of crops for training, made ahead by a thread: reading, mirroring, faults of mask and
film."""

import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.augment import Augment, AugmentConfig
from training.crop_store import CropStore
from training.losses import Truth
from training.mirror import mirror_appearance, mirror_root, mirror_rotations
from training.rig_teacher import Knowledge


@dataclass(frozen=True, eq=False)
class MirroredTruth:
    """The truth of every crop as it is [0] and mirrored [1]."""

    fields: dict[str, np.ndarray]
    """Name to (2, crops, ...)."""

    @classmethod
    def of(cls, store: CropStore, knowledge: Knowledge) -> "MirroredTruth":
        """Mirror all truth once."""
        truth = store.truth
        rotation, weak = mirror_root(truth["rotation"], truth["weak"])
        joints = np.concatenate([
            mirror_rotations(knowledge.rig.skeleton, part)
            for part in np.array_split(truth["joint_rotations"], 1 + len(store) // 4096)
        ]).astype(np.float32)  # fmt: skip
        matrix, offset = mirror_appearance(knowledge.rig, knowledge.appearance)
        mirrored = {
            "rotation": rotation,
            "weak": weak,
            "joint_rotations": joints,
            "code": knowledge.articulation.encode(joints),
            "shape": truth["shape"],
            "appearance": truth["appearance"] @ matrix + offset,
        }
        truth = truth | {"code": knowledge.articulation.encode(truth["joint_rotations"])}
        fields = {
            name: np.stack([truth[name], mirrored[name]]).astype(np.float32)
            for name in Truth._fields
        }
        return cls(fields)

    def take(self, indices: np.ndarray, is_mirrored: np.ndarray) -> Truth:
        """Truth of chosen crops as tensors."""
        chosen = is_mirrored.astype(int)
        return Truth(*(torch.from_numpy(self.fields[n][chosen, indices]) for n in Truth._fields))


@dataclass(frozen=True)
class Batch:
    """Input and truth of one step."""

    image: Tensor
    crop_tan: Tensor
    truth: Truth

    def to(self, device: torch.device) -> "Batch":
        """The same batch there."""
        if self.image.device == device:
            return self
        truth = Truth(*(part.to(device, non_blocking=True) for part in self.truth))
        return Batch(self.image.to(device), self.crop_tan.to(device), truth)


class CropLoader:
    """Endless random batches from part of a store."""

    def __init__(
        self, store: CropStore, truth: MirroredTruth, indices: np.ndarray, augment: AugmentConfig,
        batch_size: int,
    ) -> None:  # fmt: skip
        self.store, self.truth, self.indices = store, truth, indices
        self.augment = Augment(augment)
        self.batch_size = batch_size

    def batches(self, seed: int) -> Generator[Batch, None, None]:
        """Batches for ever; they are made by a thread that ends with the iterator."""
        ahead: queue.Queue[Batch | Exception] = queue.Queue(maxsize=3)
        stop = threading.Event()
        reader = threading.Thread(
            target=self._read, args=(seed, ahead, stop), name="crop-loader", daemon=True
        )
        reader.start()
        try:
            while True:
                item = ahead.get()
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            stop.set()
            while not ahead.empty():
                ahead.get_nowait()
            reader.join()

    def _read(
        self, seed: int, ahead: queue.Queue[Batch | Exception], stop: threading.Event
    ) -> None:
        rng = np.random.default_rng(seed)
        torch.set_num_threads(1)  # of this thread: the network keeps its own
        while not stop.is_set():
            try:
                item: Batch | Exception = self._draw(rng)
            except Exception as error:  # whoever waits must hear of it, whatever it is
                item = error
            while not stop.is_set():
                try:
                    ahead.put(item, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if isinstance(item, Exception):
                return

    def _draw(self, rng: np.random.Generator) -> Batch:
        chosen = np.sort(rng.choice(self.indices, self.batch_size))
        mirrored = rng.random(len(chosen)) < 0.5
        return self._finish(chosen, mirrored, self.store.pictures_at(chosen))

    def _finish(self, chosen: np.ndarray, is_mirrored: np.ndarray, pictures: np.ndarray) -> Batch:
        known = self.store.truth
        tan = torch.from_numpy(known["crop_tan"][chosen]).float()
        frame = torch.from_numpy(known["frame"][chosen]).float()
        crop_to_cam = torch.from_numpy(known["crop_to_cam"][chosen]).float()
        image = self.augment(torch.from_numpy(pictures), frame, crop_to_cam, tan)
        flip = torch.from_numpy(is_mirrored)
        image[flip] = image[flip].flip(-1)
        return Batch(image, tan, self.truth.take(chosen, is_mirrored))
