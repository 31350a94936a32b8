"""The appearance basis: principal components of random coats on the template's vertices."""

import numpy as np
from jaxtyping import Float

from core.appearance import AppearanceBasis
from core.rig import Rig


def fit_appearance(colors: Float[np.ndarray, "coats verts 3"], count: int = 64) -> AppearanceBasis:
    """Mean and `count` components, scaled so that codes have unit variance over the coats."""
    flat = colors.reshape(len(colors), -1).astype(np.float32)
    mean = flat.mean(0)
    centred = flat - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)  # coats are fewer than vertices
    order = np.argsort(values)[::-1][:count]
    axes = (vectors[:, order].T @ centred) / np.sqrt(np.maximum(values[order], 1e-9))[:, None]
    std = np.sqrt(np.maximum(values[order], 1e-9) / len(colors))
    components = (axes * std[:, None]).reshape(len(order), -1, 3)
    return AppearanceBasis(mean.reshape(-1, 3), components.astype(np.float32))


def appearance_codes(
    basis: AppearanceBasis, colors: Float[np.ndarray, "batch verts 3"]
) -> Float[np.ndarray, "batch appearance"]:
    """Least-squares codes of colours; components are orthogonal."""
    flat = basis.components.reshape(len(basis.components), -1)
    difference = (colors - basis.mean).reshape(len(colors), -1)
    return (difference @ flat.T / (flat**2).sum(1)).astype(np.float32)


def flat_appearance(rig: Rig) -> AppearanceBasis:
    """The rig's own colours and nothing else: for tests and for models without coats."""
    return AppearanceBasis(rig.colors, np.zeros((64, len(rig.vertices), 3), np.float32))
