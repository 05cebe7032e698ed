#!/usr/bin/env python3
"""The training steps of tests/bench.c, one after the other in nn.h and in PyTorch, on one thread:
`NAME  nn.h ms  PyTorch ms  times` (over 1: nn.h is faster), each the best of ROUNDS medians.

usage: tests/versus.py [ROUNDS]     from the repository's root; needs python3-torch
"""
import os
for threads in "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS":
    os.environ[threads] = "1"  # torch.set_num_threads alone leaves an OpenBLAS of its own the rest
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def stack(*sizes, activation=nn.ReLU):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers[:-1])


def lenet():
    return nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(8, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        conv = lambda: nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.f = nn.Sequential(conv(), nn.BatchNorm2d(channels), nn.ReLU(),
                               conv(), nn.BatchNorm2d(channels))

    def forward(self, x):
        return F.relu(x + self.f(x))


def resnet():
    return nn.Sequential(nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
                         Residual(32), Residual(32), Residual(32),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))


class Characters(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding, self.output = nn.Embedding(65, 64), nn.Linear(128, 65)
        self.rnn = kind(64, 128, batch_first=True)

    def forward(self, x):
        return self.output(self.rnn(self.embedding(x))[0]).flatten(0, 1)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.f = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(2, 3) / (d // self.heads) ** 0.5
        scores = scores.masked_fill(torch.ones(t, t).triu(1).bool(), -torch.inf)
        x = x + self.out((scores.softmax(3) @ v).transpose(1, 2).reshape(n, t, d))
        return x + self.f(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, d, heads, steps):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(65, d), nn.Embedding(steps, d)
        self.blocks = nn.Sequential(*(Block(d, heads) for _ in range(4)), nn.LayerNorm(d))
        self.output = nn.Linear(d, 65, bias=False)

    def forward(self, x):
        x = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        return self.output(self.blocks(x)).flatten(0, 1)


SGD = lambda w: torch.optim.SGD(w, 0.01)
MOMENTUM = lambda w: torch.optim.SGD(w, 0.01, momentum=0.9)
ADAM, ADAMW = torch.optim.Adam, torch.optim.AdamW
images = lambda *shape: (torch.rand(shape), torch.randint(10, shape[:1]))
text = lambda n, t: (torch.randint(65, (n, t)), torch.randint(65, (n * t,)))
WORK = {
    "mlp_784_128_10_b64_sgd": (lambda: stack(784, 128, 10), SGD, lambda: images(64, 784)),
    "mlp_784_512_512_10_b128_adam": (lambda: stack(784, 512, 512, 10), ADAM,
                                     lambda: images(128, 784)),
    "lenet_b64_momentum": (lenet, MOMENTUM, lambda: images(64, 1, 28, 28)),
    "resnet8_c32_b32_momentum": (resnet, MOMENTUM, lambda: images(32, 3, 32, 32)),
    "charrnn_h128_t64_b32_adam": (lambda: Characters(nn.RNN), ADAM, lambda: text(32, 64)),
    "charlstm_h128_t64_b32_adam": (lambda: Characters(nn.LSTM), ADAM, lambda: text(32, 64)),
    "chargru_h128_t64_b32_adam": (lambda: Characters(nn.GRU), ADAM, lambda: text(32, 64)),
    "gpt_d128_l4_t64_b16_adamw": (lambda: GPT(128, 4, 64), ADAMW, lambda: text(16, 64)),
    "gpt_d256_l4_t128_b8_adamw": (lambda: GPT(256, 8, 128), ADAMW, lambda: text(8, 128)),
}


def torch_step(model, rule, data):  # the median of many steps, in ms
    model, (x, labels) = model(), data()
    optimizer, times, begin = rule(model.parameters()), [], time.perf_counter()
    while len(times) < 10 or time.perf_counter() - begin < 2:
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times)[len(times) // 2]


torch.set_num_threads(1)
ours, theirs = {}, {}
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
    for line in subprocess.run(["make", "-s", "bench"], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        name, value, unit = line.split()
        ours[name] = min(ours.get(name, 1e9), float(value))
    for name, work in WORK.items():
        theirs[name] = min(theirs.get(name, 1e9), torch_step(*work))
print(f"{'step':30} {'nn.h ms':>10} {'PyTorch ms':>10} {'times':>6}   (PyTorch {torch.__version__})")
for name in WORK:
    print(f"{name:30} {ours[name]:10.2f} {theirs[name]:10.2f} {theirs[name] / ours[name]:6.2f}")
