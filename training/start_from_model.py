"""Begin a fit with the network of a model that is shipped.

    begin_with_model(net, load_model("dog").student, image, crop_tan)

A shipped network has its normalisations folded into its convolutions. Here they are unfolded: what
each convolution puts out on some crops becomes its normalisation's mean and spread, so that the
network says the same as before and can learn on.
"""

import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.model import StudentFiles
from core.student import ConvUnit, StudentConfig, StudentNetwork
from core.student_torch import load_student


def begin_with_model(net: nn.Module, files: StudentFiles, image: Tensor, crop_tan: Tensor) -> None:
    """Copy a shipped student wherever names and sizes agree (`copy_known`).

    Args:
        net: What is about to learn; another kind of network takes nothing.
        files: The shipped student.
        image: Crops to measure the normalisations on, (batch, 5, px, px).
        crop_tan: Theirs, (batch,).

    Raises:
        ModelError: The shipped student is of another kind, or its files do not fit together.
    """
    theirs = load_student(files)
    if not isinstance(theirs, StudentNetwork):
        raise ModelError("Only students of our own kind can be begun with: give another model.")
    copy_known(net, unfolded(theirs, image, crop_tan), code_sizes(theirs.config))


def unfolded(theirs: StudentNetwork, image: Tensor, crop_tan: Tensor) -> dict[str, Tensor]:
    """A fused network's weights as those of one that is not."""
    said: dict[str, tuple[Tensor, Tensor]] = {}
    units = {name: m for name, m in theirs.named_modules() if isinstance(m, ConvUnit)}

    def listen(name: str):
        def hear(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            bare = output - units[name].conv.bias[:, None, None]  # type: ignore[index]
            said[name] = (bare.mean((0, 2, 3)), bare.var((0, 2, 3)))

        return hear

    hooks = [unit.conv.register_forward_hook(listen(name)) for name, unit in units.items()]
    with torch.no_grad():
        theirs(image, crop_tan)
    for hook in hooks:
        hook.remove()
    known = dict(theirs.state_dict())
    for name, (mean, variance) in said.items():
        bias = known.pop(f"{name}.conv.bias")
        spread = (variance + nn.BatchNorm2d(1).eps).sqrt()  # undoes exactly what it will do
        known |= {
            f"{name}.norm.weight": spread, f"{name}.norm.bias": bias + mean,
            f"{name}.norm.running_mean": mean, f"{name}.norm.running_var": variance,
        }  # fmt: skip
    return known


def code_sizes(config: StudentConfig) -> tuple[int, int, int]:
    """Articulation, shape and appearance numbers, as the head of all codes says them."""
    return config.articulation, config.shape, config.appearance


def copy_known(
    net: nn.Module, known: dict[str, Tensor], sizes: tuple[int, int, int] | None = None
) -> None:
    """Copy weights wherever name and sizes agree; where a layer has grown, into its first rows and
    columns, and the rest starts at zero.

    Args:
        net: Takes the weights.
        known: Theirs, by name.
        sizes: Their `code_sizes`, so that each kind of code grows at its own end.
    """
    if sizes is not None and isinstance(net, StudentNetwork):
        known = _with_room(known, sizes, code_sizes(net.config))
    with torch.no_grad():
        for name, value in net.state_dict().items():
            old = known.get(name)
            if old is None or old.dim() != value.dim() or old.dtype != value.dtype:
                continue
            if any(theirs > ours for theirs, ours in zip(old.shape, value.shape, strict=True)):
                continue
            if old.shape != value.shape:
                value.zero_()
            value[tuple(slice(size) for size in old.shape)] = old


def _with_room(
    known: dict[str, Tensor], theirs: tuple[int, int, int], ours: tuple[int, int, int]
) -> dict[str, Tensor]:
    """The head of all codes with rows of zeros after each kind of code that has grown."""
    if any(old > new for old, new in zip(theirs, ours, strict=True)):
        return known
    grown = dict(known)
    for name in ("codes.weight", "codes.bias"):
        if name not in known:
            continue
        parts = known[name].split(list(theirs))
        grown[name] = torch.cat([
            torch.cat([part, part.new_zeros((size - len(part), *part.shape[1:]))])
            for part, size in zip(parts, ours, strict=True)
        ])  # fmt: skip
    return grown
