"""Reference values for src/data and src/metrics.rs: the two-moons law, and distances of point sets.

Run as `python3 tests/reference/data.py`; writes data.json beside itself.

    log_density  [noise, x, y, ln p(x, y)]: the integral over the angle by mpmath's quadrature at
                 30 digits, also far from the moons, where p underflows double precision
    entropy      [noise, -integral of p ln p]: a Gauss-Legendre rule on square panels of side noise
                 over the plane, p itself by another such rule over the angle; no symmetry is used
    distances    point sets, multiples of 1/1024; the energy distance (all pairs, the diagonal
                 included) by scipy's cdist; W2 by scipy's linear_sum_assignment
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import scipy
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from scipy.special import entr

POINTS = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, -0.5), (0.5, 0.25), (-1.0, 0.0), (-1.1, -0.2),
          (0.3, 1.1), (1.7, -0.3), (2.0, 0.5), (0.0, -2.0), (-3.0, 4.0), (40.0, -30.0)]


def log_density(noise: float, x: float, y: float) -> float:
    mpmath.mp.dps = 30
    variance, x, y = mpmath.mpf(noise) ** 2, mpmath.mpf(x), mpmath.mpf(y)

    def arc(x, y):
        """Exponents are taken relative to the nearest angle, and panels are halved towards it."""
        squared = lambda a: (x - mpmath.cos(a)) ** 2 + (y - mpmath.sin(a)) ** 2  # noqa: E731
        angle = mpmath.atan2(y, x)
        near = min((0, mpmath.pi, *([angle] if 0 <= angle <= mpmath.pi else [])), key=squared)
        least = squared(near)
        ends = (0, mpmath.pi)
        edges = sorted({near} | {near + (end - near) / 2**k for end in ends for k in range(24)})
        area = mpmath.quad(lambda a: mpmath.exp((least - squared(a)) / (2 * variance)), edges)
        return least, area

    arcs = (arc(x, y), arc(1 - x, mpmath.mpf(0.5) - y))
    low = min(least for least, _ in arcs)
    total = sum(area * mpmath.exp((low - least) / (2 * variance)) for least, area in arcs)
    return float(mpmath.log(total / (4 * mpmath.pi ** 2 * variance)) - low / (2 * variance))


def rule(low: float, high: float, side: float) -> tuple[np.ndarray, np.ndarray]:
    """Ten Gauss-Legendre nodes on each panel of at most this side, and their weights."""
    z, w = np.polynomial.legendre.leggauss(10)
    edges = np.linspace(low, high, int(np.ceil((high - low) / side)) + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + z)).ravel(), (half * w).ravel()


def entropy(noise: float) -> float:
    angle, weight = rule(0, np.pi, noise)
    centres = np.concatenate((np.column_stack((np.cos(angle), np.sin(angle))),
                              np.column_stack((1 - np.cos(angle), 0.5 - np.sin(angle)))))
    weight = np.concatenate((weight, weight)) / (4 * np.pi**2 * noise**2)
    margin = 9 * noise
    x, w_x = rule(-1 - margin, 2 + margin, noise)
    y, w_y = rule(-0.5 - margin, 1 + margin, noise)
    in_y = np.exp(-((y[:, None] - centres[:, 1]) ** 2) / (2 * noise**2))
    total = 0.0
    for x, w in zip(x, w_x):
        in_x = weight * np.exp(-((x - centres[:, 0]) ** 2) / (2 * noise**2))
        total += w * (w_y @ entr(in_y @ in_x))
    return total


def distances(rng: np.random.Generator, n: int, d: int) -> dict:
    x, y = (np.round(1024 * rng.standard_normal((n, d))) / 1024 for _ in range(2))
    y = np.round(1024 * (0.5 * y + 0.75)) / 1024
    energy = 2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean()
    cost = cdist(x, y, "sqeuclidean")
    w_2 = np.sqrt(cost[linear_sum_assignment(cost)].mean())
    return {"d": d, "x": x.ravel().tolist(), "y": y.ravel().tolist(),
            "energy_distance": float(energy), "wasserstein_2": float(w_2)}


def main() -> None:
    rng = np.random.default_rng(0)
    places = [(s, x, y) for s in (0.01, 0.05, 0.3) for x, y in POINTS]
    body = {
        "program": ", ".join(f"{m.__name__} {m.__version__}" for m in (scipy, np, mpmath)),
        "log_density": [[*place, log_density(*place)] for place in places],
        "entropy": [[s, entropy(s)] for s in (0.05, 0.1, 0.2, 0.5)],
        "distances": [distances(rng, n, d) for n, d in ((1, 2), (30, 1), (60, 2), (25, 3))],
    }
    text = json.dumps(body, allow_nan=False)
    for row in (', "', "], [", ": [[", ": [{", "}, {"):  # one line for each row
        text = text.replace(row, row[:-1].rstrip() + "\n" + row[-1])
    path = Path(__file__).with_name("data.json")
    part = path.with_suffix(".part")
    part.write_text(text + "\n")
    part.rename(path)


if __name__ == "__main__":
    main()
