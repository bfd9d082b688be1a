"""The first network in PyTorch: opens weights of pushforward, compares, and writes weights of its own.

    python bridge/torch_peer.py out/bridge
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


# ANCHOR: model
class Velocity(nn.Module):
    """u(t, x): t [n, 1], x [n, 2] -> [n, 2]. The names of its parameters are net.0.weight, net.0.bias, net.2.weight, ..."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(3, 64), nn.ELU(),
            nn.Linear(64, 64), nn.ELU(),
            nn.Linear(64, 64), nn.ELU(),
            nn.Linear(64, 2),
        )

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        return self.net(torch.cat((t, x), 1))


@torch.no_grad()
def sample(u: Velocity, x: Tensor, steps: int = 8) -> Tensor:
    """Midpoint steps from t = 0 to t = 1."""
    h = 1 / steps
    for i in range(steps):
        t = torch.full((len(x), 1), i * h)
        x = x + h * u(t + h / 2, x + h / 2 * u(t, x))
    return x
# ANCHOR_END: model


# ANCHOR: both_ways
def main(folder: pathlib.Path) -> None:
    points = load_file(folder / "points.safetensors")
    t, x_0 = points["t"], points["x_0"]

    u = Velocity()
    u.load_state_dict(load_file(folder / "model.safetensors"))
    with torch.no_grad():
        velocity = (u(t, x_0) - points["u"]).abs().max().item()
    samples = (sample(u, x_0) - points["x_1"]).abs().max().item()
    print(f"PyTorch {torch.__version__.split('+')[0]} with our weights: u {velocity:.1e}, samples {samples:.1e}")

    torch.manual_seed(0)
    own = Velocity()
    save_file(own.state_dict(), folder / "torch.safetensors")
    with torch.no_grad():
        save_file({"u": own(t, x_0)}, folder / "torch-points.safetensors")
# ANCHOR_END: both_ways


main(pathlib.Path(sys.argv[1]))
