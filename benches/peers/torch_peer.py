"""The seven workloads in PyTorch: `python torch_peer.py MODE WORKLOAD THREADS`, in the protocol
of protocol.py.

`eager` is the usual loop with the default Adam. `compile` compiles the whole step, with the
gradient by torch.func and the fused Adam; of the CNF, whose 80 evaluations take too long to
compile as one graph, it compiles one step of the solver.
"""

import math
import os
import sys
from collections.abc import Callable

import protocol

MODE, WORKLOAD, THREADS = sys.argv[1], sys.argv[2], int(sys.argv[3])
protocol.limit_threads(THREADS)
# A compilation counts in full, whatever earlier runs have left on the disk.
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"

import torch  # noqa: E402: only now, it reads the limits above
import torch.nn.functional as F  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.func import functional_call, grad_and_value  # noqa: E402

torch.set_num_threads(THREADS)
COMPILE = MODE == "compile"


def maybe_compile(function: Callable) -> Callable:
    return torch.compile(function) if COMPILE else function


def mlp(sizes: list[int], activation: Callable[[], nn.Module]) -> nn.Sequential:
    layers = [layer for pair in zip(sizes, sizes[1:]) for layer in (nn.Linear(*pair), activation())]
    return nn.Sequential(*layers[:-1])


def adam(net: nn.Module, rate: float = 1e-3, betas: tuple = (0.9, 0.999)) -> torch.optim.Adam:
    return torch.optim.Adam(net.parameters(), rate, betas, fused=COMPILE or None)


def frozen(net: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in net.named_parameters()}


def descend(net: nn.Module, optimizer: torch.optim.Adam, loss_of: Callable, *inputs) -> Tensor:
    """One update of the net by the gradient of loss_of(net, *inputs); returns the loss."""
    if COMPILE:
        # torch.compile breaks its graph at backward(), but not at a gradient of torch.func.
        def of_params(params):
            return loss_of(lambda *args: functional_call(net, params, args), *inputs)

        grads, loss = grad_and_value(of_params)(frozen(net))
        for name, p in net.named_parameters():
            p.grad = grads[name]
    else:
        loss = loss_of(net, *inputs)
        optimizer.zero_grad()
        loss.backward()
    optimizer.step()
    return loss


def training(net: nn.Module, loss_of: Callable, noise: Callable, rate: float = 1e-3) -> Callable:
    """Adam on loss_of(net, *noise()).

    The noise is drawn outside of what is compiled, where the generator is faster.
    """
    optimizer = adam(net, rate)
    update = maybe_compile(lambda *inputs: descend(net, optimizer, loss_of, *inputs))
    return lambda: update(*noise())


def flow_matching(sizes: list[int], activation: Callable, rate: float) -> Callable:
    x_1 = torch.randn(256, sizes[-1])

    def loss_of(net, x_0, t):
        x_t = (1 - t) * x_0 + t * x_1
        return F.mse_loss(net(torch.cat((t, x_t), 1)), x_1 - x_0)

    def noise():
        return torch.randn_like(x_1), torch.rand(256, 1)

    return training(mlp(sizes, activation), loss_of, noise, rate)


class Vae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(784, 400), nn.Linear(20, 400)
        self.to_mu, self.to_log_var = nn.Linear(400, 20), nn.Linear(400, 20)
        self.to_logits = nn.Linear(400, 784)

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.encode(x))
        mu, log_var = self.to_mu(h), self.to_log_var(h)
        z = mu + torch.exp(log_var / 2) * eps
        return self.to_logits(F.relu(self.decode(z))), mu, log_var


def vae() -> Callable:
    x = torch.rand(128, 784)

    def loss_of(net, eps):
        logits, mu, log_var = net(x, eps)
        bce = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        kl = -0.5 * torch.sum(1 + log_var - mu.square() - log_var.exp())
        return (bce + kl) / len(x)

    return training(Vae(), loss_of, lambda: (torch.randn(128, 20),))


def gan() -> Callable:
    real, ones, zeros = torch.rand(128, 784), torch.ones(128, 1), torch.zeros(128, 1)
    bce = F.binary_cross_entropy_with_logits
    g = mlp([64, 256, 256, 784], lambda: nn.LeakyReLU(0.2)).append(nn.Tanh())
    d = mlp([784, 256, 256, 1], lambda: nn.LeakyReLU(0.2))
    adam_g, adam_d = (adam(net, 2e-4, (0.5, 0.999)) for net in (g, d))

    def loss_of_d(d, fake):
        return bce(d(real), ones) + bce(d(fake), zeros)

    def loss_of_g(g, z):
        return bce(functional_call(d, frozen(d), (g(z),)), ones)

    @maybe_compile
    def update(z_d, z_g):
        with torch.no_grad():
            fake = g(z_d)
        descend(d, adam_d, loss_of_d, fake)
        return descend(g, adam_g, loss_of_g, z_g)

    return lambda: update(torch.randn(128, 64), torch.randn(128, 64))


def minus_log_normal(z: Tensor) -> Tensor:
    """Of every row, in two dimensions."""
    return 0.5 * z.square().sum(1) + math.log(2 * math.pi)


class RealNvp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(mlp([1, 64, 64, 2], nn.Tanh) for _ in range(8))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        (kept, moved), log_det = x.split(1, 1), torch.zeros(len(x), 1)
        for net in self.couplings:
            s, t = net(kept).split(1, 1)
            s = torch.tanh(s)
            log_det = log_det + s
            # The columns swap their roles from one coupling to the next.
            kept, moved = moved * torch.exp(s) + t, kept
        return torch.cat((kept, moved), 1), log_det.squeeze(1)


def real_nvp() -> Callable:
    data = torch.randn(512, 2)

    def loss_of(net, noise):
        z, log_det = net(data + 0.05 * noise)
        return torch.mean(minus_log_normal(z) - log_det)

    return training(RealNvp(), loss_of, lambda: (torch.randn_like(data),))


def velocity_and_trace(net: nn.Module, t: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """By one reverse product for each of the two outputs."""
    def velocity(x):
        return net(torch.cat((t.expand(len(x), 1), x), 1))

    if COMPILE:
        u, pull = torch.func.vjp(velocity, x)
        return u, sum(pull(e.expand_as(x))[0][:, i] for i, e in enumerate(torch.eye(2)))
    x = x.requires_grad_()
    u = velocity(x)
    rows = [torch.autograd.grad(u_i.sum(), x, create_graph=True)[0] for u_i in u.unbind(1)]
    return u, rows[0][:, 0] + rows[1][:, 1]


def cnf() -> Callable:
    net, data, h = mlp([3, 64, 64, 2], nn.Tanh), torch.randn(512, 2), -1 / 20
    optimizer, times = adam(net), torch.linspace(1, 0, 21)[:-1]

    @maybe_compile
    def rk4(t: Tensor, x: Tensor, log_det: Tensor) -> tuple[Tensor, Tensor]:
        u_1, tr_1 = velocity_and_trace(net, t, x)
        u_2, tr_2 = velocity_and_trace(net, t + h / 2, x + h / 2 * u_1)
        u_3, tr_3 = velocity_and_trace(net, t + h / 2, x + h / 2 * u_2)
        u_4, tr_4 = velocity_and_trace(net, t + h, x + h * u_3)
        x = x + h / 6 * (u_1 + 2 * u_2 + 2 * u_3 + u_4)
        return x, log_det + h / 6 * (tr_1 + 2 * tr_2 + 2 * tr_3 + tr_4)

    def step() -> Tensor:
        z, log_det = data + 0.05 * torch.randn_like(data), torch.zeros(len(data))
        for t in times:
            z, log_det = rk4(t, z, log_det)
        # From t = 1 to 0 log_det has gathered minus the integral of the trace from 0 to 1.
        loss = torch.mean(minus_log_normal(z) - log_det)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def sampling() -> Callable:
    net, h = mlp([3, 64, 64, 64, 2], nn.ELU), 1 / 100
    times = torch.arange(100) * h

    def velocity(t: Tensor, x: Tensor) -> Tensor:
        return net(torch.cat((t.expand(len(x), 1), x), 1))

    @maybe_compile
    def midpoint(t: Tensor, x: Tensor) -> Tensor:
        return x + h * velocity(t + h / 2, x + h / 2 * velocity(t, x))

    @torch.inference_mode()
    def step() -> Tensor:
        x = torch.randn(10_000, 2)
        for t in times:
            x = midpoint(t, x)
        return x

    return step


WORKLOADS = {
    "W1": lambda: flow_matching([3, 64, 64, 64, 2], nn.ELU, 1e-2),
    "W2": vae,
    "W3": gan,
    "W4": real_nvp,
    "W5": cnf,
    "W6": lambda: flow_matching([65, 512, 512, 512, 64], nn.SiLU, 1e-3),
    "W7": sampling,
}

if __name__ == "__main__":
    name = "PyTorch, compiled" if COMPILE else "PyTorch"
    protocol.run(name, torch.__version__, WORKLOADS, WORKLOAD)
