"""The variational autoencoder of [4] on MNIST, in PyTorch: the peer of our own program.

MLP 784-400-(20 + 20) and 20-400-784 with ReLU, pixels / 255 as probabilities, loss: binary cross-entropy
summed over pixels plus KL, averaged over the batch of 128; Adam at 2e-3, falling to 0 along half a cosine;
every epoch passes over the 60 000 digits once, in random order. Prints, per seed, the test ELBO after the last epoch (one draw of z for each of
the 10 000 images), its two parts and the seconds of training; writes elbo.csv (seed,elbo,distortion,rate).

Ours, beside it: pushforward run vae --data DIR --steps 4690
"""

import argparse
import math
import platform
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

PIXELS, HIDDEN, LATENTS, BATCH, RATE = 784, 400, 20, 128, 2e-3


class VAE(nn.Module):
    """x -> (mu, logvar), z -> logits."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(PIXELS, HIDDEN)
        self.mu = nn.Linear(HIDDEN, LATENTS)
        self.logvar = nn.Linear(HIDDEN, LATENTS)
        self.decoder = nn.Sequential(
            nn.Linear(LATENTS, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, PIXELS),
        )

    def terms(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Distortion and rate, each summed over the batch."""
        h = F.relu(self.hidden(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        distortion = F.binary_cross_entropy_with_logits(self.decoder(z), x, reduction="sum")
        rate = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return distortion, rate


def images(path: Path) -> Tensor:
    """The pixels of an IDX file, [n, 784] in [0, 1]."""
    numbers = np.fromfile(path, dtype=np.uint8)
    magic, count, rows, columns = numbers[:16].view(">u4")
    if (magic, rows * columns) != (2051, PIXELS):
        raise SystemExit(f"{path} is not an IDX file of 28 x 28 images")
    return torch.tensor(numbers[16:].reshape(count, PIXELS)).float() / 255


def train(x: Tensor, epochs: int, seed: int) -> VAE:
    torch.manual_seed(seed)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    steps = epochs * math.ceil(len(x) / BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            distortion, rate = model.terms(x[rows])
            loss = (distortion + rate) / len(rows)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return model


@torch.no_grad()
def test(model: VAE, x: Tensor) -> tuple[float, float]:
    """Average distortion and rate of the test images."""
    parts = [model.terms(chunk) for chunk in x.split(1000)]
    distortion, rate = (sum(float(part[i]) for part in parts) / len(x) for i in (0, 1))
    return distortion, rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the four plain IDX files")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    print(f"Python {platform.python_version()}, PyTorch {torch.__version__}, "
          f"NumPy {np.__version__}, {args.threads} thread(s)", flush=True)

    x, held_out = (images(args.data / f"{name}-images-idx3-ubyte") for name in ("train", "t10k"))
    lines = []
    for seed in args.seeds:
        begin = time.perf_counter()
        model = train(x, args.epochs, seed)
        seconds = time.perf_counter() - begin
        distortion, rate = test(model, held_out)
        lines.append((seed, -distortion - rate, distortion, rate))
        print(f"seed {seed}: test ELBO {-distortion - rate:.2f} after {args.epochs} epochs "
              f"(distortion {distortion:.2f}, rate {rate:.2f}); {seconds:.1f} s", flush=True)
    np.savetxt(args.out / "elbo.csv", lines, fmt="%.9g", delimiter=",", comments="",
               header="seed,elbo,distortion,rate")


if __name__ == "__main__":
    main()
