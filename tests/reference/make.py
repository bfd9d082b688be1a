"""Reference values from PyTorch in float64, for the tests of our own engine.

Run as `python3 tests/reference/make.py`; writes ops.json, compositions.json, optim.json and nn.json
beside itself. Nothing is written unless PyTorch's derivatives agree with central differences.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from common import Fixed, distinct, dump, generator, near_identity, normal, tensor, uniform, write
from compositions import compositions
from torch import Tensor, nn
from torch.autograd import grad, gradcheck
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

# ---- ops: output and vector-Jacobian products ---------------------------------------------------

def number(condition: Tensor) -> Tensor:
    return condition.to(torch.float64)


def unary_rows() -> dict:
    any_, wide, kinked = normal(3, 4), normal(3, 4, scale=3), normal(3, 4, kinks=(0,))
    positive, nonzero = uniform(0.2, 3, 3, 4), uniform(0.3, 2, 3, 4, signed=True)
    return {
        "neg": (torch.neg, any_), "exp": (torch.exp, any_), "ln": (torch.log, positive),
        "ln_1p": (torch.log1p, uniform(-0.7, 2, 3, 4)), "exp_m1": (torch.expm1, any_),
        "sqrt": (torch.sqrt, positive), "square": (torch.square, any_), "abs": (torch.abs, kinked),
        "powi_3": (lambda x: x**3, any_), "powi_neg_2": (lambda x: x**-2, nonzero),
        "powf_1_7": (lambda x: x**1.7, positive), "recip": (torch.reciprocal, nonzero),
        "sin": (torch.sin, wide), "cos": (torch.cos, wide), "tanh": (torch.tanh, wide),
        "erf": (torch.erf, any_), "sigmoid": (torch.sigmoid, wide), "softplus": (F.softplus, wide),
        "relu": (F.relu, kinked), "leaky_relu_0_1": (lambda x: F.leaky_relu(x, 0.1), kinked),
        "elu_1_5": (lambda x: F.elu(x, 1.5), kinked), "selu": (F.selu, kinked),
        "silu": (F.silu, wide), "gelu": (F.gelu, wide),
        "clamp": (lambda x: x.clamp(-0.5, 0.7), normal(3, 4, kinks=(-0.5, 0.7))),
    }


def binary_rows() -> dict:
    a, b = normal(3, 1, 4), normal(2, 1)
    apart = distinct(3, 1, 4), distinct(2, 1, shift=0.125)
    rows = {
        "add": (torch.add, a, b), "sub": (torch.sub, a, b), "mul": (torch.mul, a, b),
        "div": (torch.div, a, uniform(0.3, 2, 2, 1, signed=True)),
        "maximum": (torch.maximum, *apart), "minimum": (torch.minimum, *apart),
        "select": (lambda m, x, y: torch.where(m > 0, x, y),
                   Fixed([[1, 0, 0], [0, 1, 1]]), normal(2, 3), normal(3)),
    }
    x = Fixed([[0.5, -1, 2, 0], [1, 1, -2, 0.25], [0.75, -0.5, 2, 0.5]])
    y = Fixed([0.75, 1, 2, 0.25])
    for name in ("gt", "ge", "lt", "le", "eq", "ne"):
        rows[name] = (lambda p, q, compare=getattr(torch, name): number(compare(p, q)), x, y)
    rows["sign"] = (torch.sign, Fixed([[-2, -0.5, 0, 0.25], [3, -1, 0.125, 0]]))
    return rows


def reduce_rows() -> dict:
    x, apart, keep = normal(2, 3, 4), distinct(2, 3, 4), {"dim": (0, 2), "keepdim": True}
    flat = distinct(3, 4)
    return {
        "sum_all": (torch.sum, x), "sum_1": (lambda x: x.sum(1), x),
        "sum_keep_0_2": (lambda x: x.sum(**keep), x),
        "mean_all": (torch.mean, x), "mean_1": (lambda x: x.mean(1), x),
        "mean_keep_0_2": (lambda x: x.mean(**keep), x),
        "var_1": (lambda x: x.var(1, unbiased=False), x),
        "var_unbiased_all": (lambda x: x.var(unbiased=True), x),
        "max_1": (lambda x: x.amax(1), apart), "max_keep_0_2": (lambda x: x.amax(**keep), apart),
        "min_1": (lambda x: x.amin(1), apart), "min_keep_0_2": (lambda x: x.amin(**keep), apart),
        "log_sum_exp_1": (lambda x: x.logsumexp(1), x),
        "log_sum_exp_keep_0_2": (lambda x: x.logsumexp(**keep), x),
        "cumsum_1": (lambda x: x.cumsum(1), x),
        "argmax_1": (lambda x: number(x.argmax(1)), Fixed(flat(generator("argmax_1")))),
        "argmin_0": (lambda x: number(x.argmin(0)), Fixed(flat(generator("argmin_0")))),
    }


def shape_rows() -> dict:
    x, row = normal(2, 3, 4), normal(2, 3)
    index = Fixed([[0, 3], [2, 2], [1, 0]])
    return {
        "reshape": (lambda x: x.reshape(4, 6), x), "permute": (lambda x: x.permute(2, 0, 1), x),
        "transpose": (lambda x: x.transpose(0, 2), x), "t": (lambda x: x.mT, x),
        "broadcast_to": (lambda x: x.broadcast_to(2, 3, 4), normal(3, 1)),
        "sum_to": (lambda x: x.sum_to_size(3, 1), x),
        "slice": (lambda x: x[:, 1:4], normal(3, 5)), "pad": (lambda x: F.pad(x, (1, 2)), row),
        "concat": (lambda x, y: torch.cat((x, y), 1), row, normal(2, 2)),
        "stack": (lambda x, y: torch.stack((x, y), 1), row, row),
        "split_second": (lambda x: x.split((2, 3), 1)[1], normal(2, 5)),
        "flip": (lambda x: x.flip(1), row),
        "gather": (lambda x, i: x.gather(1, i.long()), normal(3, 4), index),
        "scatter_add": (lambda x, i, src: x.scatter_add(1, i.long(), src),
                        normal(3, 4), index, normal(3, 2)),
        "one_hot": (lambda i: number(F.one_hot(i.long(), 5)), Fixed([3, 0, 4, 3])),
        "tril": (torch.tril, normal(4, 4)), "triu": (lambda x: x.triu(1), normal(3, 4, 4)),
    }


def matrix_rows() -> dict:
    solve, triangular = torch.linalg.solve_triangular, near_identity(3, 3)

    def square(rng: np.random.Generator) -> np.ndarray:
        """Two matrices; the rows of the second reversed, so that det < 0 and LU must pivot."""
        a = near_identity(2, 3, 3)(rng)
        a[1] = a[1, ::-1].copy()
        return a

    return {
        "matmul_2d": (torch.matmul, normal(3, 4), normal(4, 2)),
        "matmul_batched": (torch.matmul, normal(5, 1, 3, 4), normal(2, 4, 2)),
        "matmul_vec": (torch.matmul, normal(3, 4), normal(4)),
        "vec_matmul": (torch.matmul, normal(3), normal(3, 4)),
        "dot": (torch.matmul, normal(4), normal(4)),
        "matmul_nt": (lambda a, b: a @ b.mT, normal(2, 3, 4), normal(5, 4)),
        "matmul_tn": (lambda a, b: a.mT @ b, normal(2, 4, 3), normal(4, 5)),
        "det": (torch.linalg.det, square), "slogdet": (lambda a: a.slogdet().logabsdet, square),
        "inverse": (torch.linalg.inv, square),
        "solve": (torch.linalg.solve, square, normal(2, 3, 2)),
        "triangular_solve_lower": (lambda a, b: solve(a, b, upper=False), triangular, normal(3, 2)),
        "triangular_solve_upper": (lambda a, b: solve(a, b, upper=True), triangular, normal(3, 2)),
    }


def composite_rows() -> dict:
    x = normal(3, 4)
    return {
        "softmax": (lambda x: x.softmax(-1), x), "log_softmax": (lambda x: x.log_softmax(0), x),
        "linear": (F.linear, normal(5, 3), normal(2, 3), normal(2)),
        "mse": (F.mse_loss, x, x),
        "bce_with_logits": (F.binary_cross_entropy_with_logits, x, uniform(0.1, 0.9, 3, 4)),
    }


def ops() -> dict:
    rows = {}
    table = (unary_rows() | binary_rows() | reduce_rows() | shape_rows() | matrix_rows()
             | composite_rows())
    for name, (function, *draws) in table.items():
        rng = generator(name)
        inputs = [tensor(draw(rng)).requires_grad_(not isinstance(draw, Fixed)) for draw in draws]
        output = function(*inputs)
        cotangent = tensor(rng.standard_normal(tuple(output.shape)))
        live = [x for x in inputs if x.requires_grad]
        if live:
            gradcheck(function, inputs)
        found = iter(grad((output * cotangent).sum(), live)) if live else iter(())
        rows[name] = {
            "inputs": [dump(x) for x in inputs], "cotangent": dump(cotangent),
            "output": dump(output),
            "grads": [dump(next(found)) if x.requires_grad else None for x in inputs],
        }
    return {"ops": rows}


# ---- optimizers, clipping, schedules, averages ---------------------------------------------------

OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    "sgd_nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    "sgd_weight_decay": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 1e-2}),
    "adam": (torch.optim.Adam, {"lr": 1e-2}),
    "adam_weight_decay": (torch.optim.Adam, {"lr": 1e-2, "weight_decay": 1e-2}),
    "adam_betas": (torch.optim.Adam, {"lr": 1e-2, "betas": (0.5, 0.999)}),
    "adamw": (torch.optim.AdamW, {"lr": 1e-2, "weight_decay": 1e-2}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 1e-2}),
    "rmsprop_momentum": (torch.optim.RMSprop, {"lr": 1e-2, "momentum": 0.9}),
    "rmsprop_centered": (torch.optim.RMSprop, {"lr": 1e-2, "centered": True}),
}
NOT_MATHEMATICS = {"foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay"}


def pair(rng: np.random.Generator, scale: float = 1.0) -> list[Tensor]:
    return [tensor(scale * rng.standard_normal((2, 3))), tensor(scale * rng.standard_normal(2))]


def trajectory(kind: type, options: dict, initial: list[Tensor], gradients: list) -> dict:
    params = [nn.Parameter(p.clone()) for p in initial]
    optimizer, after = kind(params, **options), {}
    for step, step_gradients in enumerate(gradients, 1):
        for p, g in zip(params, step_gradients):
            p.grad = g.clone()
        optimizer.step()
        if step in (1, 2, 5, 20):
            after[str(step)] = [dump(p) for p in params]
    stated = {k: v for k, v in optimizer.defaults.items() if k not in NOT_MATHEMATICS}
    return {"class": kind.__name__, "options": stated, "after": after}


def clipped(gradients: list[Tensor], bound: float) -> dict:
    params = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(params, gradients):
        p.grad = g.clone()
    norm = nn.utils.clip_grad_norm_(params, bound)
    return {"max_norm": bound, "gradients": [dump(g) for g in gradients],
            "total_norm": norm.item(), "clipped": [dump(p.grad) for p in params]}


def rates(make: Callable, steps: int) -> list[float]:
    """The learning rate in force at steps 0, 1, ..., `steps`."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1e-2)
    schedule, found = make(optimizer), []
    for _ in range(steps + 1):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def ema(sequence: list, decay: float) -> dict:
    model = nn.Linear(3, 2, dtype=torch.float64)
    averaged, states = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay)), []
    for params in sequence:
        with torch.no_grad():
            for p, value in zip(model.parameters(), params):
                p.copy_(value)
        averaged.update_parameters(model)
        states.append([dump(p) for p in averaged.module.parameters()])
    return {"decay": decay, "params": [[dump(p) for p in params] for params in sequence],
            "averages": states}


def optim() -> dict:
    rng, lr = generator("optim"), torch.optim.lr_scheduler
    initial, gradients = pair(rng), [pair(rng) for _ in range(20)]
    for g, _ in gradients:
        g[0, 0] = 0.0  # a parameter that never gets a gradient: 0 / (0 + eps), not NaN

    def cosine(optimizer: torch.optim.Optimizer) -> object:
        return lr.CosineAnnealingLR(optimizer, T_max=20, eta_min=1e-4)

    def warm(optimizer: torch.optim.Optimizer) -> object:
        ramp = lr.LinearLR(optimizer, start_factor=0.1, total_iters=5)
        return lr.SequentialLR(optimizer, [ramp, cosine(optimizer)], milestones=[5])

    return {
        "initial": [dump(p) for p in initial],
        "gradients": [[dump(g) for g in step] for step in gradients],
        "optimizers": {name: trajectory(kind, options, initial, gradients)
                       for name, (kind, options) in OPTIMIZERS.items()},
        "clip": {"above": clipped(gradients[0], 0.5), "below": clipped(gradients[0], 100.0)},
        "schedules": {"cosine": rates(cosine, 20), "warmup_cosine": rates(warm, 25)},
        "ema": ema([pair(rng) for _ in range(6)], 0.9),
    }


# ---- networks ------------------------------------------------------------------------------------

def networks() -> dict:
    rng = generator("nn")
    net = nn.Sequential(nn.Linear(3, 4), nn.ELU(), nn.Linear(4, 4), nn.ELU(), nn.Linear(4, 2))
    state = {k: tensor(rng.standard_normal(tuple(v.shape))) for k, v in net.state_dict().items()}
    net.double().load_state_dict(state)
    x = tensor(rng.standard_normal((5, 3)))

    torch.manual_seed(0)
    layer, bound = nn.Linear(64, 64), 1 / math.sqrt(64)
    assert 0.99 * bound < layer.weight.abs().max() <= bound
    assert 0.9 * bound < layer.bias.abs().max() <= bound
    return {
        "state": {k: dump(v) for k, v in state.items()}, "input": dump(x), "output": dump(net(x)),
        "linear_init": {"fan_in": 64, "fan_out": 64, "law": "U(-bound, bound)",
                        "weight_bound": bound, "bias_bound": bound},
    }


if __name__ == "__main__":
    torch.set_num_threads(1)  # the last bits of a sum may depend on the number
    made = {"ops": ops(), "compositions": compositions(), "optim": optim(), "nn": networks()}
    for stem, body in made.items():
        write(f"{stem}.json", body)
