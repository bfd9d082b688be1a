"""Counts how often two other programs ask the field, and how exact they are, for the tests of our adaptive solver.

Run as `python3 tests/reference/ode.py`; writes ode.json beside itself: for each problem of `PROBLEMS` (which
tests/engine/adaptive.rs has in the same order) and each tolerance, relative = absolute, the evaluations and the largest
error at the end of SciPy's RK45 and of torchdiffeq's dopri5.
"""

import json
import math
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from scipy.integrate import solve_ivp
from torchdiffeq import odeint

A, X_0, E = 0.8, 1.25, 0.5


def kepler(s):
    r = (s[0] ** 2 + s[1] ** 2) ** 1.5
    return [s[2], s[3], -s[0] / r, -s[1] / r]


# name: field(t, x, the module with cos and sin), x at the start, the end time, x there
PROBLEMS = {
    "decay": (lambda t, x, m: [-x[0]], [1.0], 5.0, [math.exp(-5.0)]),
    "oscillator": (lambda t, x, m: [x[1], -x[0]], [1.0, 0.0], 10.0, [math.cos(10.0), -math.sin(10.0)]),
    "logistic": (lambda t, x, m: [x[0] * (1 - x[0])], [0.1], 10.0, [1 / (1 + 9 * math.exp(-10.0))]),
    "quotient": (lambda t, x, m: [-2 * A * t * x[0] ** 2], [X_0], 1.5, [X_0 / (1 + A * X_0 * 2.25)]),
    "faster and faster": (lambda t, x, m: [-2 * t * x[1], 2 * t * x[0]], [1.0, 0.0], 3.0, [math.cos(9.0), math.sin(9.0)]),
    "swinging": (lambda t, x, m: [x[0] * m.cos(t)], [1.0], 10.0, [math.exp(math.sin(10.0))]),
    "held to a cosine": (lambda t, x, m: [-20 * (x[0] - m.cos(t)) - m.sin(t)], [1.0], 5.0, [math.cos(5.0)]),
    "a year of Kepler's": (lambda t, x, m: kepler(x), [1 - E, 0.0, 0.0, math.sqrt((1 + E) / (1 - E))], 2 * math.pi,
                           [1 - E, 0.0, 0.0, math.sqrt((1 + E) / (1 - E))]),
}
TOLERANCES = [1e-3, 1e-4, 1e-6, 1e-8]


def scipy_row(field, start, end, exact, tolerance):
    solved = solve_ivp(lambda t, x: field(t, x, np), (0.0, end), start, rtol=tolerance, atol=tolerance)
    return [solved.nfev, float(np.max(np.abs(solved.y[:, -1] - exact)))]


def torch_row(field, start, end, exact, tolerance):
    asked = 0

    def count(t, x):
        nonlocal asked
        asked += 1
        return torch.stack([torch.as_tensor(v, dtype=torch.float64) for v in field(t, x, torch)])

    times = torch.tensor([0.0, end], dtype=torch.float64)
    solved = odeint(count, torch.tensor(start, dtype=torch.float64), times, rtol=tolerance, atol=tolerance, method="dopri5")
    return [asked, float((solved[-1] - torch.tensor(exact)).abs().max())]


def main():
    rows = [
        {"problem": name, "tolerance": tolerance, "scipy": scipy_row(*problem, tolerance), "torchdiffeq": torch_row(*problem, tolerance)}
        for name, problem in PROBLEMS.items()
        for tolerance in TOLERANCES
    ]
    program = ", ".join(f"{name} {version(name)}" for name in ("scipy", "torchdiffeq", "torch"))
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name("ode.json").write_text(f'{{"program": "{program}",\n"rows": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
