"""Several processes that train one network, as torchrun starts them; alone, nothing changes.

    torchrun --nproc-per-node 4 main.py train training/recipes/dog-paper.json

Each process draws its own batches; gradients are averaged after each step's backward pass, as
DistributedDataParallel does, without its wrapper around our three ways through the network.
"""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn


@dataclass(frozen=True)
class Workers:
    """This process among those that train together."""

    rank: int
    count: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this one writes files and reports."""
        return self.rank == 0


def join_workers() -> Workers:
    """Meet the other processes if torchrun started us; choose the device."""
    has_gpu = torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if has_gpu else torch.device("cpu")
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Workers(0, 1, device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if has_gpu else "gloo")
    return Workers(dist.get_rank(), count, device)


def average_gradients(net: nn.Module, workers: Workers) -> None:
    """Every process goes on with the mean of all gradients."""
    if workers.count == 1:
        return
    for weight in net.parameters():
        if weight.grad is None:  # all must speak of all weights, in one order
            weight.grad = torch.zeros_like(weight)
        dist.all_reduce(weight.grad)
        weight.grad /= workers.count


def share_progress(used_s: float, workers: Workers) -> float:
    """The first process's clock, so that all stop at the same step."""
    if workers.count == 1:
        return used_s
    clock = torch.tensor([used_s], dtype=torch.float64, device=workers.device)
    dist.broadcast(clock, 0)
    return float(clock)
