"""Drawing inputs and writing JSON, shared by make.py and compositions.py."""

import json
import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).parent
HEADER = {"program": f"PyTorch {torch.__version__}", "dtype": "float64"}

Draw = Callable[[np.random.Generator], np.ndarray]


def tensor(values: np.ndarray) -> Tensor:
    """Rounded to multiples of 1/1024: a single-precision build reads the very same numbers."""
    return torch.tensor(np.round(np.asarray(values) * 1024) / 1024, dtype=torch.float64)


def generator(name: str) -> np.random.Generator:
    """A stream of its own for every row: a new row leaves the others as they are."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def normal(*shape: int, scale: float = 1.0, kinks: tuple = ()) -> Draw:
    """Gaussian, every entry 0.06 or more away from the kinks."""
    def draw(rng: np.random.Generator) -> np.ndarray:
        x = scale * rng.standard_normal(shape)
        while (near := np.min([np.abs(x - k) for k in (np.inf, *kinks)], 0) < 0.06).any():
            x = np.where(near, scale * rng.standard_normal(shape), x)
        return x
    return draw


def uniform(low: float, high: float, *shape: int, signed: bool = False) -> Draw:
    """U(low, high), of either sign if `signed`."""
    return lambda rng: rng.uniform(low, high, shape) * rng.choice([-1 if signed else 1, 1], shape)


def distinct(*shape: int, shift: float = 0.0) -> Draw:
    """Entries 0.19 or more apart; another draw, shifted by 0.125, stays 0.065 away from them."""
    n = math.prod(shape)
    return lambda rng: (0.25 * (rng.permutation(n) - n // 2) + shift
                        + rng.uniform(-0.03, 0.03, n)).reshape(shape)


def near_identity(*shape: int) -> Draw:
    return lambda rng: 1.5 * np.eye(shape[-1]) + 0.3 * rng.standard_normal(shape)


class Fixed:
    """An input without a gradient: a mask, an index, the arguments of a comparison."""

    def __init__(self, values: list | np.ndarray) -> None:
        self.values = values

    def __call__(self, _rng: np.random.Generator) -> np.ndarray:
        return np.array(self.values, dtype=float)


def dump(x: Tensor) -> dict:
    return {"shape": list(x.shape), "data": x.detach().reshape(-1).tolist()}


def write(name: str, body: dict) -> None:
    """One line for each entry of a group, so that a diff shows which row moved."""
    def group(value: object) -> str:
        if not isinstance(value, dict) or "data" in value:
            return json.dumps(value, allow_nan=False)
        rows = (f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in value.items())
        return "{\n" + ",\n".join(rows) + "\n}"

    text = ",\n".join(f"{json.dumps(k)}: {group(v)}" for k, v in (HEADER | body).items())
    part = HERE / f"{name}.part"
    part.write_text("{\n" + text + "\n}\n")
    part.rename(HERE / name)
