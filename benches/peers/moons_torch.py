"""Two-dimensional flow matching on two moons, in PyTorch: the peer of our own program.

The law: x1 ~ make_moons(256, noise=.05), x0 ~ N(0, I), t ~ U(0, 1), x_t = (1 - t) x0 + t x1,
target x1 - x0; MLP 3-64-64-64-2 with ELU, mean squared error, Adam at 1e-2; then 2000 samples by
8 midpoint steps. Writes, per seed, samples_SEED.csv (x,y) and loss_SEED.csv (step,loss: the mean
of the block of 100 steps that ends at `step`), and seconds.csv (seed,seconds of training alone).
"""

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import sklearn
import torch
from sklearn.datasets import make_moons
from torch import Tensor, nn

BATCH, NOISE, HIDDEN, RATE = 256, 0.05, 64, 1e-2
SAMPLES, SOLVER_STEPS, BLOCK = 2_000, 8, 100


class Flow(nn.Module):
    """The velocity field v(t, x); the network reads the row (t, x)."""

    def __init__(self, dim: int = 2, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim + 1, hidden), nn.ELU(),
            nn.Linear(hidden, hidden), nn.ELU(),
            nn.Linear(hidden, hidden), nn.ELU(),
            nn.Linear(hidden, dim),
        )

    def forward(self, t: Tensor, x: Tensor) -> Tensor:
        return self.net(torch.cat((t, x), -1))

    def step(self, x: Tensor, start: Tensor, end: Tensor) -> Tensor:
        """One midpoint step: x + h v(t + h/2, x + h/2 v(t, x))."""
        t, h = start.expand(len(x), 1), end - start
        return x + h * self(t + h / 2, x + h / 2 * self(t, x))


def train(steps: int, seed: int) -> tuple[Flow, list[float]]:
    """Trains on `steps` fresh batches; returns the field and the loss of every step."""
    torch.manual_seed(seed)
    state = np.random.RandomState(seed)
    flow = Flow()
    optimizer = torch.optim.Adam(flow.parameters(), RATE)
    loss_fn = nn.MSELoss()
    losses = []
    for _ in range(steps):
        x_1 = Tensor(make_moons(BATCH, noise=NOISE, random_state=state)[0])
        x_0 = torch.randn_like(x_1)
        t = torch.rand(len(x_1), 1)
        x_t = (1 - t) * x_0 + t * x_1
        loss = loss_fn(flow(t, x_t), x_1 - x_0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return flow, losses


@torch.no_grad()
def sample(flow: Flow, n: int) -> Tensor:
    """Pushes n standard Gaussian points from t = 0 to t = 1."""
    x = torch.randn(n, 2)
    times = torch.linspace(0, 1, SOLVER_STEPS + 1)
    for start, end in zip(times, times[1:]):
        x = flow.step(x, start, end)
    return x


def save(path: Path, header: str, rows: np.ndarray) -> None:
    np.savetxt(path, rows, fmt="%.9g", delimiter=",", header=header, comments="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=10_000, help=f"a multiple of {BLOCK}")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    if args.steps <= 0 or args.steps % BLOCK:
        parser.error(f"--steps must be a positive multiple of {BLOCK}, got {args.steps}")
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, "
          f"NumPy {np.__version__}, scikit-learn {sklearn.__version__}, "
          f"{args.threads} thread(s)", flush=True)

    seconds = []
    for seed in args.seeds:
        begin = time.perf_counter()
        flow, losses = train(args.steps, seed)
        seconds.append(time.perf_counter() - begin)
        blocks = np.mean(np.reshape(losses, (-1, BLOCK)), axis=1)
        ends = BLOCK * np.arange(1, len(blocks) + 1)
        save(args.out / f"samples_{seed}.csv", "x,y", sample(flow, SAMPLES).numpy())
        save(args.out / f"loss_{seed}.csv", "step,loss", np.column_stack((ends, blocks)))
        print(f"seed {seed}: mean loss of the last {BLOCK} steps {blocks[-1]:.4f}, "
              f"of the last {BLOCK * len(blocks[-10:])} {np.mean(blocks[-10:]):.4f}; "
              f"{seconds[-1]:.1f} s", flush=True)
    save(args.out / "seconds.csv", "seed,seconds", np.column_stack((args.seeds, seconds)))


if __name__ == "__main__":
    main()
