"""The frozen articulation decoder: 16 numbers become joint rotations.

    decoder = ArticulationDecoder(...)
    rotations = decoder.decode(code)          # (joints, 3, 3); the root's is the identity

A linear map plus a small residual network, learned from the motions of a rig by
`training/articulation.py`; it plays the part of the paper's frozen MLP_art (DASR, section 3.2).
Plain numpy, so that live decoding never touches torch.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from core.rotations import matrix_from_6d


@dataclass(frozen=True, eq=False)
class ArticulationDecoder:
    """Weights of the decoder; layouts follow torch's Linear, (outputs, inputs)."""

    mean: Float[np.ndarray, " six_per_joint"]
    """6D rotations of the mean pose, joints x 6."""
    linear: Float[np.ndarray, "six_per_joint articulation"]
    hidden_weight: Float[np.ndarray, "hidden articulation"]
    hidden_bias: Float[np.ndarray, " hidden"]
    output_weight: Float[np.ndarray, "six_per_joint hidden"]

    @property
    def code_count(self) -> int:
        return self.linear.shape[1]

    @property
    def joint_count(self) -> int:
        return self.linear.shape[0] // 6

    def decode(
        self, code: Float[np.ndarray, "*batch articulation"]
    ) -> Float[np.ndarray, "*batch joints 3 3"]:
        """Rotations of all joints (J of DESIGN 4), relative to rest."""
        hidden = np.tanh(code @ self.hidden_weight.T + self.hidden_bias)
        six = self.mean + code @ self.linear.T + hidden @ self.output_weight.T
        rotations = matrix_from_6d(six.reshape(*code.shape[:-1], self.joint_count, 6))
        rotations[..., 0, :, :] = np.eye(3)  # the body's own motion is the root pose
        return rotations


@dataclass(frozen=True, eq=False)
class LatentStatistics:
    """Principal components of the articulation codes a rig's motions use."""

    mean: Float[np.ndarray, " articulation"]
    components: Float[np.ndarray, "articulation articulation"]
    """Rows are unit directions, by falling variance of the *pose* they cause."""
    std: Float[np.ndarray, " articulation"]
    variance_share: Float[np.ndarray, " articulation"]

    def code_of(
        self, sigmas: Float[np.ndarray, " articulation"]
    ) -> Float[np.ndarray, " articulation"]:
        """Code of slider positions given in standard deviations."""
        return self.mean + (sigmas * self.std) @ self.components

    def sigmas_of(
        self, code: Float[np.ndarray, " articulation"]
    ) -> Float[np.ndarray, " articulation"]:
        """Slider positions of a code; the inverse of `code_of`."""
        return (self.components @ (code - self.mean)) / self.std
