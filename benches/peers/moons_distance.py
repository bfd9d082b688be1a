"""How far samples are from the two-moons law: energy distance and exact W2, each beside its floor.

Every file of samples (CSV with header x,y, at least 2000 rows; the first 2000 are used) is compared
with three fresh data sets of 2000 points, drawn i.i.d.: angle ~ U(0, pi), either moon with
probability 1/2, noise .05.
    D2 = 2 E|X - Y| - E|X - X'| - E|Y - Y'|    over all pairs, the diagonal included (a V-statistic)
    W2 = sqrt(min over pairings of the mean of |X - Y|^2)
The floor is the same number between two independent fresh data sets: mean and sd over five pairs.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

N, NOISE, FRESH, FLOOR_PAIRS = 2_000, 0.05, 3, 5


def moons(rng: np.random.Generator, n: int = N) -> np.ndarray:
    """n i.i.d. points: (cos a, sin a) or (1 - cos a, 1/2 - sin a), plus Gaussian noise."""
    angle, upper = rng.uniform(0, np.pi, n), rng.random(n) < 0.5
    x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
    y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
    return np.column_stack((x, y)) + NOISE * rng.standard_normal((n, 2))


def energy(x: np.ndarray, y: np.ndarray) -> float:
    return 2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean()


def wasserstein(x: np.ndarray, y: np.ndarray) -> float:
    cost = cdist(x, y, "sqeuclidean")
    return float(np.sqrt(cost[linear_sum_assignment(cost)].mean()))


def load(path: Path) -> np.ndarray:
    points = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    if points.shape[0] < N or points.shape[1] != 2:
        raise SystemExit(f"{path}: {points.shape} values; give at least {N} rows of x,y")
    if not np.isfinite(points).all():
        raise SystemExit(f"{path}: holds values that are not finite")
    return points[:N]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=Path, nargs="*")
    parser.add_argument("--seed", type=int, default=2024, help="of the fresh data sets")
    args = parser.parse_args()
    loaded = [load(path) for path in args.samples]
    rng = np.random.default_rng(args.seed)
    fresh = [moons(rng) for _ in range(FRESH)]
    pairs = [(moons(rng), moons(rng)) for _ in range(FLOOR_PAIRS)]

    def over(distance: Callable, compared: list) -> tuple[float, float]:
        """Mean and standard deviation of the distance over pairs of point sets."""
        values = [distance(x, y) for x, y in compared]
        return float(np.mean(values)), float(np.std(values, ddof=1))

    width = max([len(str(path)) for path in args.samples] + [len("floor (mean ± sd)")])
    print(f"{'n = ' + str(N):{width}}  {'energy D2':>19}  {'W2':>15}")
    for path, points in zip(args.samples, loaded):
        compared = [(points, data) for data in fresh]
        (d, _), (w, _) = over(energy, compared), over(wasserstein, compared)
        print(f"{str(path):{width}}  {d:19.6f}  {w:15.4f}", flush=True)
    (d_mean, d_sd), (w_mean, w_sd) = over(energy, pairs), over(wasserstein, pairs)
    print(f"{'floor (mean ± sd)':{width}}  {d_mean:.6f} ± {d_sd:.6f}  {w_mean:.4f} ± {w_sd:.4f}")


if __name__ == "__main__":
    main()
