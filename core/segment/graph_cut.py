"""The best outline for given evidence: a minimum cut along edges of the picture."""

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

EVIDENCE_LIMIT = 4.0
"""Log odds at which a pixel is taken for certain."""
_STEPS = 10.0
"""Grey steps of the evidence channel per unit of log odds."""
_SMOOTHNESS = 0.15
"""Weight of the outline's length against the evidence; small keeps thin legs."""
_COMPONENTS = 5


def cut_out(
    rgb: UInt8[np.ndarray, "h w 3"], evidence: Float32[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """Label pixels by a minimum cut.

    OpenCV's GrabCut knows only colour mixtures as evidence. So the evidence is written into one
    channel of the picture, and the mixtures are replaced by one frozen Gaussian each, placed so
    that their log ratio is linear in that channel; the other two channels carry lightness and
    chroma for the edges. One round with frozen models is then exactly one cut.

    Source: Rother et al., "GrabCut", SIGGRAPH 2004.
    """
    labels = np.where(evidence > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[evidence >= EVIDENCE_LIMIT] = cv2.GC_FGD
    labels[evidence <= -EVIDENCE_LIMIT] = cv2.GC_BGD
    is_subject = labels & 1
    if is_subject.any() and not is_subject.all():
        picture = _with_evidence(rgb, evidence)
        cv2.grabCut(picture, labels, None, *_models(), 1, cv2.GC_EVAL_FREEZE_MODEL)
    return (labels & 1) > 0


def _with_evidence(
    rgb: UInt8[np.ndarray, "h w 3"], evidence: Float32[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
    channel = cv2.convertScaleAbs(evidence, alpha=_STEPS, beta=128)
    chroma = cv2.addWeighted(lab[..., 1], 1.0, lab[..., 2], 1.0, -128)
    return np.dstack([channel, lab[..., 0], chroma])


def _models() -> tuple[np.ndarray, np.ndarray]:
    """Background and foreground: equal Gaussians 80 steps apart in the evidence channel.

    Their log ratio is 80 (x - 128) / variance.
    """
    variance = 80 * _STEPS * _SMOOTHNESS
    return _model(88.0, variance), _model(168.0, variance)


def _model(mean: float, variance: float) -> np.ndarray:
    """OpenCV's layout: 5 weights, 5 means of 3, 5 covariances of 9."""
    weights = np.zeros(_COMPONENTS)
    means = np.full((_COMPONENTS, 3), 128.0)
    covariances = np.tile(np.eye(3) * 1e3, (_COMPONENTS, 1, 1))
    weights[0] = 1
    means[0, 0] = mean
    covariances[0] = np.diag([variance, 4e5, 4e5])
    return np.concatenate([weights, means.ravel(), covariances.ravel()])[None]
