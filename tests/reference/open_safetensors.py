"""Opens a checkpoint of ours in PyTorch: `python3 tests/reference/open_safetensors.py PATH`.

The file must hold exactly the tensors of the moons program's network (net.0.weight, net.0.bias,
net.2.weight, ...); prints their names, shapes and types, and the velocity at three points.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).parents[2] / "benches" / "peers"))
from moons_torch import Flow  # noqa: E402

if len(sys.argv) != 2:
    sys.exit(__doc__)
state = load_file(sys.argv[1])
for name, value in state.items():
    print(name, list(value.shape), value.dtype)
flow = Flow().to(next(iter(state.values())).dtype)
flow.load_state_dict(state)
t = torch.tensor([[0.0], [0.5], [1.0]], dtype=flow.net[0].weight.dtype)
x = torch.tensor([[0.0, 0.0], [1.0, -1.0], [-0.5, 0.25]], dtype=t.dtype)
with torch.no_grad():
    for point, velocity in zip(torch.cat((t, x), 1).tolist(), flow(t, x).tolist()):
        print("t, x, y =", point, "velocity =", *(f"{v:.9g}" for v in velocity))
