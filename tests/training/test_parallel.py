"""Two processes as torchrun starts them, on the CPU; and one alone."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from training.parallel import Workers, average_gradients, join_workers, share_progress

ALONE = Workers(0, 1, torch.device("cpu"))
CHILD = """
import sys, torch
from torch import nn
from training.parallel import average_gradients, join_workers, share_progress
workers = join_workers()
net = nn.Linear(2, 1)
net.weight.grad = torch.full_like(net.weight, float(workers.rank + 1))
average_gradients(net, workers)      # the bias had no gradient
used = share_progress(10.0 * (workers.rank + 1), workers)
print(workers.rank, workers.count, net.weight.grad.flatten().tolist(), net.bias.grad.tolist(), used)
"""


def test_alone_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_workers().count == 1
    net = nn.Linear(2, 1)
    average_gradients(net, ALONE)
    assert net.weight.grad is None
    assert share_progress(3.5, ALONE) == 3.5


def test_two_processes_go_on_with_the_mean_gradient_and_one_clock() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True,
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]  # fmt: skip
    told = [child.communicate(timeout=120)[0].strip() for child in children]
    assert told == [f"{rank} 2 [1.5, 1.5] [0.0] 10.0" for rank in range(2)]
