"""Learn the frozen articulation decoder from poses: an autoencoder with 16 numbers in the middle.

    fit = fit_articulation(rig, rotations, ArticulationFitConfig())
    codes = fit.encode(rotations)              # targets for the student
    fit.decoder, fit.latent                    # what ships

The paper's decoder is the teacher's MLP_art, learned with the NeRF (DASR, section 3.2). A rig's
motions are known, so here it is learned from them directly. Errors of a joint count by how far it
moves the skin.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.articulation import ArticulationDecoder, LatentStatistics
from core.kinematics_torch import rotation_6d_to_matrix
from core.rig import Rig

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ArticulationFitConfig:
    """Sizes and schedule."""

    code_count: int = 16
    hidden: int = 128
    steps: int = 3000
    batch: int = 256
    learning_rate: float = 2e-3
    code_noise: float = 0.05
    """Noise on the (whitened) code while learning: keeps near codes near in pose."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ArticulationFit:
    """A decoder, its statistics, and the encoder that made the codes (not shipped)."""

    decoder: ArticulationDecoder
    latent: LatentStatistics
    encoder: nn.Module
    rms_error: float
    """Root mean square displacement of the skin by what 16 numbers cannot say, rig units."""

    def encode(
        self, rotations: Float[np.ndarray, "batch joints 3 3"]
    ) -> Float[np.ndarray, "batch articulation"]:
        """Codes of poses."""
        with torch.no_grad():
            return self.encoder(_six(torch.from_numpy(rotations).float())).numpy()


class PoseAutoencoder(nn.Module):
    """Linear in both directions, each with a small residual network."""

    def __init__(self, mean: Tensor, basis: Tensor, scale: Tensor, hidden: int) -> None:
        super().__init__()
        numbers, codes = basis.shape
        self.mean = nn.Parameter(mean.clone())
        self.linear = nn.Parameter(basis * scale)
        self.inverse = nn.Parameter((basis / scale).T.contiguous())
        self.encode_hidden = nn.Sequential(
            nn.Linear(numbers, 256), nn.SiLU(), nn.Linear(256, codes)
        )
        self.decode_hidden = nn.Linear(codes, hidden)
        self.decode_output = nn.Linear(hidden, numbers, bias=False)
        for layer in (self.encode_hidden[-1], self.decode_output):
            nn.init.zeros_(layer.weight)

    def encode(self, six: Tensor) -> Tensor:
        return (six - self.mean) @ self.inverse.T + self.encode_hidden(six - self.mean)

    def decode(self, code: Tensor) -> Tensor:
        hidden = torch.tanh(self.decode_hidden(code))
        return self.mean + code @ self.linear.T + self.decode_output(hidden)


class WhitenedEncoder(nn.Module):
    """The encoder followed by the linear map that makes codes uncorrelated, of unit variance."""

    def __init__(self, net: PoseAutoencoder, mean: Tensor, to_white: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("mean", mean.clone())
        self.register_buffer("to_white", to_white.clone())

    def forward(self, six: Tensor) -> Tensor:
        return (self.net.encode(six) - self.mean) @ self.to_white.T


def fit_articulation(
    rig: Rig,
    rotations: Float[np.ndarray, "poses joints 3 3"],
    config: ArticulationFitConfig,
    progress: Progress = lambda done, total: None,
) -> ArticulationFit:
    """Learn decoder and encoder on random poses of a rig."""
    torch.manual_seed(config.seed)
    matrices = torch.from_numpy(rotations).float()
    six = _six(matrices)
    lever = torch.from_numpy(skin_levers(rig)).float()
    net = _initial(six, lever, config)
    _train(net, six, matrices, lever, config, progress)
    return _finish(net, six, matrices, lever)


def skin_levers(rig: Rig) -> Float[np.ndarray, " joints"]:
    """Root mean square motion of the whole skin per radian of each joint, rig units."""
    joints = len(rig.skeleton.names)
    below = np.eye(joints)
    for joint in range(joints - 1, 0, -1):
        below[rig.skeleton.parents[joint]] += below[joint]
    share = rig.weights @ below.T  # how much of each vertex hangs on each joint
    offset = rig.vertices[:, None] - rig.skeleton.rest_joint_to_rig[None, :, :3, 3]
    lever = (share**2 * (offset**2).sum(-1)).mean(0)
    lever[0] = 0.0  # the root joint does not turn
    return np.sqrt(lever) + 1e-4


def _six(matrices: Float[Tensor, "batch joints 3 3"]) -> Float[Tensor, "batch numbers"]:
    return matrices[..., :, :2].transpose(-1, -2).flatten(1)


def _initial(six: Tensor, lever: Tensor, config: ArticulationFitConfig) -> PoseAutoencoder:
    """Principal components of the poses, joints weighed by their levers."""
    weight = lever.repeat_interleave(6)
    mean = six.mean(0)
    _, spread, basis = torch.pca_lowrank((six - mean) * weight, config.code_count, center=False)
    scale = (spread / len(six) ** 0.5).clamp_min(1e-4)
    net = PoseAutoencoder(mean, basis / weight[:, None], scale, config.hidden)
    net.inverse.data = ((basis * weight[:, None]) / scale).T.contiguous()
    return net


def _train(net: PoseAutoencoder, six: Tensor, matrices: Tensor, lever: Tensor,
           config: ArticulationFitConfig, progress: Progress) -> None:  # fmt: skip
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    for step in range(config.steps):
        chosen = torch.randint(len(six), (config.batch,))
        code = net.encode(six[chosen])
        decoded = net.decode(code + config.code_noise * torch.randn_like(code))
        # Unit variance keeps the noise meaningful.
        loss = _error(decoded, matrices[chosen], lever) + 1e-4 * (code.square().mean() - 1).square()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        progress(step + 1, config.steps)


def _error(six: Tensor, matrices: Tensor, lever: Tensor) -> Tensor:
    """Mean squared displacement of the skin: levers times matrix distance."""
    decoded = rotation_6d_to_matrix(six.view(len(six), -1, 6))
    distance = (decoded - matrices).square().sum((-1, -2)) / 2
    return (distance * lever.square()).sum(1).mean()


def _finish(net: PoseAutoencoder, six: Tensor, matrices: Tensor, lever: Tensor) -> ArticulationFit:
    """Whiten the codes and turn them so that each number is a principal component of the pose."""
    with torch.no_grad():
        code = net.encode(six)
        mean = code.mean(0)
        spread, axes = torch.linalg.eigh(torch.cov(code.T))
        from_white = axes * spread.clamp_min(1e-8).sqrt()
        turn, variance = _pose_axes(net, code[:4096], from_white, lever)
        from_white = from_white @ turn
        encoder = WhitenedEncoder(net, mean, torch.linalg.inv(from_white))
        error = _error(net.decode(code), matrices, lever)
    decoder = ArticulationDecoder(
        mean=(net.mean + net.linear @ mean).detach().numpy(),
        linear=(net.linear @ from_white).detach().numpy(),
        hidden_weight=(net.decode_hidden.weight @ from_white).detach().numpy(),
        hidden_bias=(net.decode_hidden.bias + net.decode_hidden.weight @ mean).detach().numpy(),
        # A copy: handing the network to another process moves its memory away from under a view.
        output_weight=net.decode_output.weight.detach().numpy().copy(),
    )
    count = len(mean)
    latent = LatentStatistics(
        np.zeros(count, np.float32),
        np.eye(count, dtype=np.float32),
        np.ones(count, np.float32),
        (variance / variance.sum()).numpy(),
    )
    return ArticulationFit(decoder, latent, encoder, float(error.sqrt()))


def _pose_axes(
    net: PoseAutoencoder, code: Tensor, from_white: Tensor, lever: Tensor
) -> tuple[Tensor, Tensor]:
    """Directions of whitened code by falling effect on the pose, and those effects."""
    weight = lever.repeat_interleave(6)
    mean = code.mean(0)
    effects = []
    for axis in from_white.T:
        change = net.decode(mean + axis) - net.decode(mean - axis)
        effects.append(change * weight / 2)
    gram = torch.stack(effects) @ torch.stack(effects).T
    variance, turn = torch.linalg.eigh(gram)
    return turn.flip(1), variance.flip(0).clamp_min(1e-12)
