"""Twenty scalar functions from the book: value, gradients and Hessian-vector products.

`formula` states the function in full. In it `A B` is a matrix product, `*` is entrywise with
broadcasting, sums and means without an axis run over all entries, and
mlp(x) = tanh(x W1' + b1) W2' + b2 acts on the rows of x (a prime transposes).
"""

import math

import torch
import torch.nn.functional as F
from common import Draw, Fixed, dump, generator, normal, tensor, uniform
from torch import Tensor
from torch.autograd import grad, gradcheck, gradgradcheck


def mlp(x: Tensor, W1: Tensor, W2: Tensor, b1: Tensor, b2: Tensor | float = 0.0) -> Tensor:
    return torch.tanh(x @ W1.T + b1) @ W2.T + b2


def mlp_loss(W1, W2, x, y, b1, b2):
    return ((mlp(x, W1, W2, b1, b2) - y) ** 2).mean()


def mixture(x, mu, log_sigma, logits):
    squared = ((x[:, None, :] - mu) ** 2).sum(-1)
    normaliser = 2 * log_sigma + math.log(2 * math.pi)
    return (logits.log_softmax(0) - squared / (2 * torch.exp(2 * log_sigma)) - normaliser
            ).logsumexp(1).sum()


def cross_entropy(W, b, x, labels):
    return F.cross_entropy(x @ W.T + b, labels.long())


def log_det(L, theta):
    return torch.logdet(L @ L.T + torch.diag(theta.exp()))


def gradient_penalty(W1, W2, x, b1):
    x = x.detach().requires_grad_()
    slope, = grad(mlp(x, W1, W2, b1).sum(), x, create_graph=True)
    return ((slope.square().sum(1).sqrt() - 1) ** 2).mean()


def divergence(W1, W2, x, b1):
    x = x.detach().requires_grad_()
    v = mlp(x, W1, W2, b1)
    return (sum(grad(v[:, i].sum(), x, create_graph=True)[0][:, i] for i in range(2)) ** 2).mean()


def linear_vae(W_enc, W_dec, x, eps):
    mu, log_var = (x @ W_enc.T).split(2, 1)
    z = mu + torch.exp(log_var / 2) * eps
    kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(1)
    return (-0.5 * ((x - z @ W_dec.T) ** 2).sum(1) - kl).mean()


def coupling(W1, W2, x):
    kept, moved = x.split(1, 1)
    s, t = (torch.tanh(kept @ W1.T) @ W2.T).split(1, 1)
    z = torch.cat((kept, (moved - t) * torch.exp(-s)), 1)
    return (-0.5 * (z**2).sum(1) - math.log(2 * math.pi) - s[:, 0]).mean()


def rk4(x, W):
    def f(x):
        return torch.sin(x @ W.T) + 0.5 * x
    h = 0.5
    k1 = f(x)
    k2 = f(x + h / 2 * k1)
    k3 = f(x + h / 2 * k2)
    k4 = f(x + h * k3)
    return ((x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)) ** 2).sum()


def attention(Q, K, V, C):
    return (C * ((Q @ K.T / 2).softmax(1) @ V)).sum()


def layer_norm(x, gamma, beta, C):
    return (C * torch.tanh(F.layer_norm(x, (5,), gamma, beta, 1e-5))).sum()


def gates(x, w):
    return (F.gelu(x) * F.silu(w) + F.gelu(x * w)).sum()


def monotone(w, u):
    steps = F.softplus(w)
    heights = steps.cumsum(1) / steps.sum(1, keepdim=True)
    return (u**2 * heights).sum() - steps.log().sum()


def gan(W1, A, x, z, W2, b1):
    real, fake = mlp(x, W1, W2, b1), mlp(z @ A.T, W1, W2, b1)
    bce = F.binary_cross_entropy_with_logits
    return bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))


def quadratic_form(M, b):
    return b @ torch.linalg.solve(M @ M.T + torch.eye(3, dtype=b.dtype), b)


def discretised(mu, log_sigma, x):
    scale = math.sqrt(2) * log_sigma.exp()
    above, below = torch.erf((x + 0.25 - mu) / scale), torch.erf((x - 0.25 - mu) / scale)
    return -torch.log((above - below) / 2).sum()


def piecewise(y, x, k):
    h, k = F.softplus(y), k.long()
    left, right = h.gather(0, k), h.gather(0, k + 1)
    return ((left + (5 * x - k) * (right - left)) ** 2).sum()


def sliced_score(W1, W2, x, v, b1):
    x = x.detach().requires_grad_()
    along = (v * mlp(x, W1, W2, b1)).sum(1)
    slope, = grad(along.sum(), x, create_graph=True)
    return ((v * slope).sum(1) + along**2 / 2).mean()


def pairwise(x, y):
    return -(-((x[:, None] - y) ** 2).sum(-1) / 2).logsumexp(1).mean()


N: dict[str, Draw] = {"W1": normal(5, 2), "W2": normal(1, 5), "b1": normal(5), "b2": normal(1)}
FIELD: dict[str, Draw] = {"W1": normal(5, 2), "W2": normal(2, 5)}

# name: (function of inputs then constants, formula, inputs, constants)
TABLE = {
    "mlp_loss_in_weights": (mlp_loss, "mean((mlp(x) - y)^2)",
                            {"W1": N["W1"], "W2": N["W2"]},
                            {"x": normal(6, 2), "y": normal(6, 1), "b1": N["b1"], "b2": N["b2"]}),
    "mlp_loss_in_input": (lambda x, W1, W2, y, b1, b2: mlp_loss(W1, W2, x, y, b1, b2),
                          "mean((mlp(x) - y)^2)", {"x": normal(6, 2)},
                          {"W1": N["W1"], "W2": N["W2"], "y": normal(6, 1), "b1": N["b1"],
                           "b2": N["b2"]}),
    "gaussian_mixture": (
        mixture, "sum_n log_sum_exp_k(log_softmax(logits)_k - sum_d (x_nd - mu_kd)^2 / "
        "(2 exp(2 log_sigma_k)) - 2 log_sigma_k - ln(2 pi)), d = 1, 2",
        {"x": normal(5, 2), "mu": normal(3, 2)},
        {"log_sigma": normal(3, scale=0.3), "logits": normal(3)}),
    "cross_entropy": (cross_entropy, "-mean_n log_softmax(x W' + b, last axis)[n, labels_n]",
                      {"W": normal(3, 2), "b": normal(3)},
                      {"x": normal(4, 2), "labels": Fixed([0, 2, 1, 2])}),
    "log_det": (log_det, "ln det(L L' + diag(exp(theta)))",
                {"L": normal(3, 3), "theta": normal(3, scale=0.5)}, {}),
    "gradient_penalty": (
        gradient_penalty, "mean_n (sqrt(sum_d g_nd^2) - 1)^2, g_n the gradient at x_n of "
        "tanh(x W1' + b1) W2'", {"W1": N["W1"], "W2": N["W2"]}, {"x": normal(4, 2), "b1": N["b1"]}),
    "divergence": (
        divergence, "mean_n (sum_i dv_i/dx_i at x_n)^2, v(x) = tanh(x W1' + b1) W2'",
        FIELD, {"x": normal(3, 2), "b1": N["b1"]}),
    "linear_vae": (
        linear_vae, "h = x W_enc'; mu = h[:, 0..2]; log_var = h[:, 2..4]; z = mu + "
        "exp(log_var / 2) * eps; mean_n(-1/2 sum_d (x - z W_dec')^2 "
        "- 1/2 sum_j (mu^2 + exp(log_var) - 1 - log_var))",
        {"W_enc": normal(4, 3, scale=0.5), "W_dec": normal(3, 2)},
        {"x": normal(5, 3), "eps": normal(5, 2)}),
    "affine_coupling": (
        coupling, "x1 = x[:, 0..1]; x2 = x[:, 1..2]; [s, t] = columns of tanh(x1 W1') W2'; "
        "z = [x1, (x2 - t) * exp(-s)]; mean_n(-1/2 sum_d z_nd^2 - ln(2 pi) - s_n)",
        {"W1": normal(4, 1), "W2": normal(2, 4, scale=0.5)}, {"x": normal(5, 2)}),
    "rk4": (rk4, "sum(y^2), y one classical Runge-Kutta step of h = 0.5 from x along "
            "f(x) = sin(x W') + 0.5 x", {"x": normal(3, 2), "W": normal(2, 2)}, {}),
    "attention": (attention, "sum(C * (softmax(Q K' / 2, last axis) V))",
                  {"Q": normal(3, 4), "K": normal(5, 4)}, {"V": normal(5, 2), "C": normal(3, 2)}),
    "layer_norm": (
        layer_norm, "sum(C * tanh(gamma * (x - m) / sqrt(s2 + 1e-5) + beta)), m and s2 the mean "
        "and the biased variance of each row of x", {"x": normal(3, 5), "gamma": normal(5)},
        {"beta": normal(5), "C": normal(3, 5)}),
    "gelu_silu": (gates, "sum(gelu(x) * silu(w) + gelu(x * w)), gelu the exact one (erf)",
                  {"x": normal(6), "w": normal(6)}, {}),
    "monotone_spline": (
        monotone, "p = softplus(w); y = cumsum(p, axis 1) / sum(p, axis 1, kept); "
        "sum(u^2 * y) - sum(ln p)", {"w": normal(2, 6), "u": normal(2, 6)}, {}),
    "gan_bce": (
        gan, "mean softplus(-D(x)) + mean softplus(D(z A')), D(x) = tanh(x W1' + b1) W2'",
        {"W1": N["W1"], "A": normal(2, 2)},
        {"x": normal(5, 2), "z": normal(5, 2), "W2": N["W2"], "b1": N["b1"]}),
    "quadratic_form": (quadratic_form, "b' A^-1 b, A = M M' + I, by a linear solve",
                       {"M": normal(3, 3), "b": normal(3)}, {}),
    "discretised_gaussian": (
        discretised, "-sum ln((erf((x + 0.25 - mu) / (sqrt(2) exp(log_sigma))) "
        "- erf((x - 0.25 - mu) / (sqrt(2) exp(log_sigma)))) / 2)",
        {"mu": normal(6), "log_sigma": normal(6, scale=0.3)}, {"x": normal(6)}),
    "piecewise_linear": (
        piecewise, "h = softplus(y); sum_i (h[k_i] + (5 x_i - k_i) (h[k_i + 1] - h[k_i]))^2",
        {"y": normal(6), "x": uniform(0, 1, 7)}, {"k": Fixed([0, 3, 1, 4, 2, 3, 0])}),
    "sliced_score_matching": (
        sliced_score, "mean_n(v_n' J_n v_n + (v_n' s(x_n))^2 / 2), s(x) = tanh(x W1' + b1) W2', "
        "J_n the Jacobian of s at x_n", FIELD,
        {"x": normal(4, 2), "v": normal(4, 2), "b1": N["b1"]}),
    "pairwise_log_sum_exp": (pairwise, "-mean_i log_sum_exp_j(-sum_d (x_id - y_jd)^2 / 2)",
                             {"x": normal(5, 2), "y": normal(4, 2)}, {}),
}


def compositions() -> dict:
    """`hvps` are the gradients, in every input, of the sum over inputs of <gradient, direction>."""
    rows = {}
    for name, (function, formula, inputs, constants) in TABLE.items():
        rng = generator(name)
        xs = [tensor(draw(rng)).requires_grad_() for draw in inputs.values()]
        fixed = [tensor(draw(rng)) for draw in constants.values()]
        directions = [tensor(rng.standard_normal(tuple(x.shape))) for x in xs]
        gradcheck(lambda *xs: function(*xs, *fixed), xs)
        gradgradcheck(lambda *xs: function(*xs, *fixed), xs)

        value = function(*xs, *fixed)
        grads = grad(value, xs, create_graph=True)
        hvps = grad(sum((g * v).sum() for g, v in zip(grads, directions)), xs)

        def named(keys, tensors):
            return {key: dump(x) for key, x in zip(keys, tensors)}
        rows[name] = {
            "formula": formula, "inputs": named(inputs, xs), "constants": named(constants, fixed),
            "value": value.item(), "grads": named(inputs, grads),
            "directions": named(inputs, directions), "hvps": named(inputs, hvps),
        }
    return {"compositions": rows}
