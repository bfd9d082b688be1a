"""The seven workloads in JAX: `python jax_peer.py WORKLOAD THREADS`, in the protocol of
protocol.py.

The whole step, from the noise to Adam, is one jitted function whose state is donated.
"""

import math
import sys
from collections.abc import Callable
from functools import partial

import protocol

WORKLOAD, THREADS = sys.argv[1], int(sys.argv[2])
protocol.limit_threads(THREADS)
protocol.pin(THREADS)

import jax  # noqa: E402: only now, it reads the limits above
import jax.numpy as jnp  # noqa: E402
from jax import Array, nn, random  # noqa: E402

Mlp = list[tuple[Array, Array]]


def init(sizes: list[int], seed: int = 0) -> Mlp:
    """Weights and biases of a multilayer perceptron, as Flax starts them."""
    keys = random.split(random.key(seed), len(sizes) - 1)
    shapes = zip(sizes, sizes[1:])
    return [(nn.initializers.lecun_normal()(key, shape), jnp.zeros(shape[1]))
            for key, shape in zip(keys, shapes)]


def linear(layer: tuple[Array, Array], x: Array) -> Array:
    weight, bias = layer
    return x @ weight + bias


def mlp(net: Mlp, x: Array, activation: Callable) -> Array:
    for layer in net[:-1]:
        x = activation(linear(layer, x))
    return linear(net[-1], x)


def elu(x: Array) -> Array:
    """Faster than nn.elu, whose expm1 costs XLA more than a third of the sampling."""
    return jnp.maximum(x, 0) + jnp.exp(jnp.minimum(x, 0)) - 1


def at_time(t: Array | float, x: Array) -> Array:
    """The rows (t, x) a network of time reads."""
    return jnp.concatenate((jnp.broadcast_to(t, (len(x), 1)), x), 1)


def adam_init(params):
    """First moment, second moment (each with memory of its own, to donate), steps so far."""
    zeros = partial(jax.tree.map, jnp.zeros_like)
    return zeros(params), zeros(params), jnp.zeros(())


def adam_step(params, grads, state, rate: float = 1e-3, betas: tuple = (0.9, 0.999)):
    (b_1, b_2), (m, v, k) = betas, state
    k = k + 1
    m = jax.tree.map(lambda m, g: b_1 * m + (1 - b_1) * g, m, grads)
    v = jax.tree.map(lambda v, g: b_2 * v + (1 - b_2) * g * g, v, grads)
    size, unbias = rate / (1 - b_1**k), 1 / (1 - b_2**k)
    params = jax.tree.map(
        lambda p, m, v: p - size * m / (jnp.sqrt(v * unbias) + 1e-8), params, m, v)
    return params, (m, v, k)


def repeat(step: Callable, *state) -> Callable:
    """The step as the protocol wants it: it keeps the state, and waits for the results."""
    jitted = jax.jit(step, donate_argnums=tuple(range(len(state) + 1)))
    state = (random.key(1), *state)

    def next_step() -> Array:
        nonlocal state
        loss, state = jax.block_until_ready(jitted(*state))
        return loss

    return next_step


def training(loss_of: Callable, params, rate: float = 1e-3) -> Callable:
    """Adam on loss_of(params, key)."""

    def step(key, params, adam):
        key, noise = random.split(key)
        loss, grads = jax.value_and_grad(loss_of)(params, noise)
        return loss, (key, *adam_step(params, grads, adam, rate))

    return repeat(step, params, adam_init(params))


def flow_matching(sizes: list[int], activation: Callable, rate: float) -> Callable:
    x_1 = random.normal(random.key(2), (256, sizes[-1]))

    def loss_of(net, key):
        of_x, of_t = random.split(key)
        x_0, t = random.normal(of_x, x_1.shape), random.uniform(of_t, (256, 1))
        x_t = (1 - t) * x_0 + t * x_1
        return jnp.mean((mlp(net, at_time(t, x_t), activation) - (x_1 - x_0)) ** 2)

    return training(loss_of, init(sizes), rate)


def bce(logits: Array, labels: Array | float) -> Array:
    """Binary cross-entropy of every element, from the logits."""
    return nn.softplus(logits) - labels * logits


def vae() -> Callable:
    x = random.uniform(random.key(2), (128, 784))
    shapes = [(784, 400), (400, 20), (400, 20), (20, 400), (400, 784)]
    params = [init(list(shape), seed)[0] for seed, shape in enumerate(shapes)]

    def loss_of(params, key):
        encode, to_mu, to_log_var, decode, to_logits = params
        h = nn.relu(linear(encode, x))
        mu, log_var = linear(to_mu, h), linear(to_log_var, h)
        z = mu + jnp.exp(log_var / 2) * random.normal(key, mu.shape)
        logits = linear(to_logits, nn.relu(linear(decode, z)))
        kl = -0.5 * jnp.sum(1 + log_var - mu**2 - jnp.exp(log_var))
        return (jnp.sum(bce(logits, x)) + kl) / len(x)

    return training(loss_of, params)


def gan() -> Callable:
    real = random.uniform(random.key(2), (128, 784))
    leaky = partial(nn.leaky_relu, negative_slope=0.2)
    adam = partial(adam_step, rate=2e-4, betas=(0.5, 0.999))

    def fake(g, key):
        return jnp.tanh(mlp(g, random.normal(key, (128, 64)), leaky))

    def loss_of_d(d, g, key):
        of_fake = bce(mlp(d, fake(g, key), leaky), 0.0)
        return jnp.mean(bce(mlp(d, real, leaky), 1.0)) + jnp.mean(of_fake)

    def loss_of_g(g, d, key):
        return jnp.mean(bce(mlp(d, fake(g, key), leaky), 1.0))

    def step(key, g, d, adam_g, adam_d):
        key, first, second = random.split(key, 3)
        grads = jax.grad(loss_of_d)(d, g, first)
        d, adam_d = adam(d, grads, adam_d)
        loss, grads = jax.value_and_grad(loss_of_g)(g, d, second)
        g, adam_g = adam(g, grads, adam_g)
        return loss, (key, g, d, adam_g, adam_d)

    g, d = init([64, 256, 256, 784], 0), init([784, 256, 256, 1], 1)
    return repeat(step, g, d, adam_init(g), adam_init(d))


def minus_log_normal(z: Array) -> Array:
    """Of every row, in two dimensions."""
    return 0.5 * jnp.sum(z**2, 1) + math.log(2 * math.pi)


def noisy(data: Array, key: Array) -> Array:
    return data + 0.05 * random.normal(key, data.shape)


def real_nvp() -> Callable:
    data = random.normal(random.key(2), (512, 2))

    def loss_of(couplings, key):
        x = noisy(data, key)
        kept, moved, log_det = x[:, :1], x[:, 1:], 0.0
        for net in couplings:
            s, t = jnp.split(mlp(net, kept, jnp.tanh), 2, 1)
            s = jnp.tanh(s)
            log_det += s
            # The columns swap their roles from one coupling to the next.
            kept, moved = moved * jnp.exp(s) + t, kept
        z = jnp.concatenate((kept, moved), 1)
        return jnp.mean(minus_log_normal(z) - log_det[:, 0])

    return training(loss_of, [init([1, 64, 64, 2], seed) for seed in range(8)])


def cnf() -> Callable:
    data = random.normal(random.key(2), (512, 2))
    h = -1 / 20

    def loss_of(net, key):
        def field(t, x):
            u, pull = jax.vjp(lambda x: mlp(net, at_time(t, x), jnp.tanh), x)
            rows = [pull(jnp.broadcast_to(e, x.shape))[0] for e in jnp.eye(2)]
            return u, rows[0][:, 0] + rows[1][:, 1]

        def rk4(state, t):
            def move(k, h):
                return jax.tree.map(lambda y, k: y + h * k, state, k)

            k_1 = field(t, state[0])
            k_2 = field(t + h / 2, move(k_1, h / 2)[0])
            k_3 = field(t + h / 2, move(k_2, h / 2)[0])
            k_4 = field(t + h, move(k_3, h)[0])
            mean = jax.tree.map(lambda a, b, c, d: (a + 2 * b + 2 * c + d) / 6, k_1, k_2, k_3, k_4)
            return move(mean, h), None

        start = noisy(data, key), jnp.zeros(len(data))
        (z, log_det), _ = jax.lax.scan(rk4, start, 1 + h * jnp.arange(20))
        # From t = 1 to 0 the second part has gathered minus the integral of the trace from 0 to 1.
        return jnp.mean(minus_log_normal(z) - log_det)

    return training(loss_of, init([3, 64, 64, 2]))


def sampling() -> Callable:
    net, h = init([3, 64, 64, 64, 2]), 1 / 100

    def velocity(t, x):
        return mlp(net, at_time(t, x), elu)

    def midpoint(x, t):
        return x + h * velocity(t + h / 2, x + h / 2 * velocity(t, x)), None

    def step(key):
        key, noise = random.split(key)
        x, _ = jax.lax.scan(midpoint, random.normal(noise, (10_000, 2)), h * jnp.arange(100))
        return x, (key,)

    return repeat(step)


WORKLOADS = {
    "W1": lambda: flow_matching([3, 64, 64, 64, 2], elu, 1e-2),
    "W2": vae,
    "W3": gan,
    "W4": real_nvp,
    "W5": cnf,
    "W6": lambda: flow_matching([65, 512, 512, 512, 64], nn.silu, 1e-3),
    "W7": sampling,
}

if __name__ == "__main__":
    protocol.run("JAX", jax.__version__, WORKLOADS, WORKLOAD)
