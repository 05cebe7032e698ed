#!/usr/bin/env python3
"""Writes vectors.txt, the numbers that tests/test_golden.c compares nn.h with.

Run it with a Python that has PyTorch (made with 1.13):  python3 tests/golden/generate.py

The inputs are numbers that a float holds; PyTorch computes with them in double, so that what is
expected here is right to the last bit of a float and all of the tolerance is left to nn.h.

The format, words and numbers between white space:

    case OP/VARIANT              one test; OP is what test_golden.c looks up in its table
    tensor NAME ndim d0 d1 ..    then the numbers, the last index fastest
    end                          of the case

x0, x1, .. are the inputs, args what else the operation is given (axes, labels, a slope), y the
result, and g0, g1, .. the gradients of sum(y * r) with respect to the inputs.
"""
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(20)
out = []


def floats(x):
    """The nearest numbers that a float holds, in double."""
    return torch.as_tensor(x).float().double()


def uniform(*shape, low=-2.0, high=2.0, parts=100):
    # Two decimals keep the file small.
    return floats(torch.round((low + (high - low) * torch.rand(shape)) * parts) / parts)


def away(*shape):
    """Away from 0, where relu has its kink and division its pole: 0.3 <= |x| <= 2."""
    sign = torch.randint(0, 2, shape) * 2 - 1
    return floats(uniform(*shape, low=0.3).abs().clamp(min=0.3) * sign)


def distinct(*shape):
    """No two alike, so that a maximum has no ties."""
    n = int(np.prod(shape))
    return floats((torch.randperm(n) - n // 2).reshape(shape) * 0.07)


def write(name, tensors):
    out.append(f"case {name}")
    for key, t in tensors:
        t = t.detach()
        out.append(" ".join(["tensor", key, str(t.dim())] + [str(d) for d in t.shape]))
        # The shortest text that reads back as the same float; of results no more than 7 decimals,
        # a two hundredth of the absolute tolerance, for a smaller file.
        digits = 7 if key[0] in "yg" else 20
        words = [np.format_float_positional(v, trim="-") for v in
                 np.round(t.numpy(), digits).astype("float32").ravel()]
        for i in range(0, len(words), 16):
            out.append(" ".join(words[i:i + 16]))
    out.append("end")


def case(name, f, *inputs, args=None, r=None, mask=None):
    xs = [x.clone().requires_grad_() for x in inputs]
    y = f(*xs)
    r = uniform(*y.shape, parts=10) if r is None else r
    (y * r).sum().backward()
    tensors = [(f"x{i}", x) for i, x in enumerate(xs)]
    if args is not None:
        tensors.append(("args", torch.tensor(args, dtype=torch.float64)))
    if mask is not None:
        tensors.append(("m", mask.double()))
    tensors += [("r", r), ("y", y)] + [(f"g{i}", x.grad) for i, x in enumerate(xs)]
    write(name, tensors)


# ---- element by element; 7, 13, 17 and 33 leave a remainder for every width of SIMD ----

BINARY = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div}
for op, f in BINARY.items():
    case(f"{op}/same_7", f, uniform(7), away(7))
    case(f"{op}/same_3x17", f, uniform(3, 17), away(3, 17))
    case(f"{op}/same_4d", f, uniform(2, 1, 3, 5), away(2, 1, 3, 5))
    case(f"{op}/row", f, uniform(5, 13), away(13))
    case(f"{op}/row_left", f, uniform(13), away(4, 13))
    case(f"{op}/column", f, uniform(7, 9), away(7, 1))
    case(f"{op}/column_row", f, uniform(7, 1), away(1, 5))
    case(f"{op}/scalar", f, uniform(3, 7), away())
    case(f"{op}/scalar_left", f, uniform(), away(3, 7))
    case(f"{op}/scalars", f, uniform(), away())
    case(f"{op}/one", f, uniform(17), away(1))
    case(f"{op}/4d_middle", f, uniform(2, 3, 2, 5), away(3, 1, 5))
    case(f"{op}/4d_both", f, uniform(2, 1, 4, 1), away(1, 3, 1, 5))
case("add/same_33", torch.add, uniform(33), uniform(33))
case("mul/same_33", torch.mul, uniform(33), uniform(33))
case("mul_self/13", lambda x: x * x, uniform(13))  # one tensor twice: its gradient is a sum of two


def positive(*shape):
    return uniform(*shape, low=0.1, high=4)


UNARY = [("scale", lambda x: x * -1.5, uniform, [-1.5]), ("exp", torch.exp, uniform, None),
         ("log", torch.log, positive, None), ("sqrt", torch.sqrt, positive, None),
         ("square", torch.square, uniform, None), ("sigmoid", torch.sigmoid, uniform, None),
         ("tanh", torch.tanh, uniform, None), ("relu", torch.relu, away, None),
         ("leaky_relu", lambda x: F.leaky_relu(x, 0.125), away, [0.125])]


def unary_cases(operations):
    for op, f, data, args in operations:
        for shape in (7,), (13,), (3, 17), (33,), ():
            case(f"{op}/" + ("x".join(map(str, shape)) or "scalar"), f, data(*shape), args=args)


unary_cases(UNARY)
far = floats([-100, -50, -20, -9, -5, -1e-3, -1e-6, 0, 1e-6, 1e-3, 5, 9, 20, 50, 100])
case("sigmoid/far", torch.sigmoid, far)
case("tanh/far", torch.tanh, far)
case("log/far", torch.log, floats([0.01, 0.5, 0.99, 1, 1.01, 1e3, 1e9]))

# ---- shapes and products ----

case("matmul/7x13x17", torch.matmul, uniform(7, 13), uniform(13, 17))
case("matmul/1x7x1", torch.matmul, uniform(1, 7), uniform(7, 1))
case("matmul/7x1x5", torch.matmul, uniform(7, 1), uniform(1, 5))
case("matmul/1x13x17", torch.matmul, uniform(1, 13), uniform(13, 17))
case("matmul/17x13x1", torch.matmul, uniform(17, 13), uniform(13, 1))
# Whole numbers, whose sums are exact: for the indices of the blocked kernels, in a third of the
# space. The rounding of sums is seen in the other products.
whole = [torch.randint(-3, 4, s).double() for s in ((33, 65), (65, 70), (33, 70))]
case("matmul/33x65x70", torch.matmul, whole[0], whole[1], r=whole[2])
case("matmul/3d_2d", torch.matmul, uniform(2, 5, 7), uniform(7, 9))
case("matmul/3d_3d", torch.matmul, uniform(3, 5, 7), uniform(3, 7, 4))
case("matmul/4d_2d", torch.matmul, uniform(2, 2, 3, 5), uniform(5, 3))
case("matmul/4d_4d", torch.matmul, uniform(2, 2, 3, 5), uniform(2, 2, 5, 3))
case("linear/2d", F.linear, uniform(9, 17), uniform(7, 17), uniform(7))
case("linear/3d", F.linear, uniform(2, 3, 13), uniform(5, 13), uniform(5))
case("linear/one", F.linear, uniform(1, 7), uniform(1, 7), uniform(1))

for a, b, shape in (0, 1, (7, 13)), (0, 2, (2, 3, 5)), (-1, -2, (2, 3, 5)), (1, 2, (2, 3, 4, 2)):
    case(f"transpose/{len(shape)}d_{a}_{b}", lambda x: x.transpose(a, b), uniform(*shape),
         args=[a, b])
for name, shape, to in (("2d", (4, 9), [6, 6]), ("flat", (2, 3, 5), [-1]),
                        ("3d", (6, 5), [2, -1, 5]), ("4d", (24,), [2, 3, 1, 4])):
    case(f"reshape/{name}", lambda x: x.reshape(to), uniform(*shape), args=to)
for name, shape, axis, start, end in (("1d", (17,), 0, 3, 16), ("rows", (7, 5), 0, 2, 6),
                                      ("columns", (7, 5), -1, 1, 4), ("middle", (2, 5, 7), 1, 2, 3),
                                      ("all", (3, 5), 1, 0, 5)):
    case(f"slice/{name}", lambda x: x.narrow(axis, start, end - start), uniform(*shape),
         args=[axis, start, end])
for name, axis, shapes in (("axis_0", 0, [(2, 7), (3, 7)]),
                           ("axis_1", 1, [(5, 3), (5, 1), (5, 4)]),
                           ("axis_1_3d", 1, [(2, 1, 5), (2, 3, 5)]),
                           ("last", -1, [(2, 3, 4), (2, 3, 2), (2, 3, 1)]),
                           ("single", 0, [(7,)])):
    case(f"concat/{name}", lambda *xs: torch.cat(xs, axis), *[uniform(*s) for s in shapes],
         args=[axis])

# ---- reductions ----

ALL = [("sum", torch.sum), ("mean", torch.mean), ("max", torch.max)]
for op, f in ALL:
    for shape in (7,), (33,), (3, 17), (2, 3, 5), ():
        case(f"{op}/" + ("x".join(map(str, shape)) or "scalar"), f, distinct(*shape))
AXIS = [("sum_axis", torch.sum), ("mean_axis", torch.mean), ("max_axis", torch.amax)]
for op, f in AXIS:
    for axis in 0, 1, 2, -1:
        case(f"{op}/{axis}", lambda x: f(x, axis, keepdim=True), distinct(3, 5, 7), args=[axis])
    case(f"{op}/33", lambda x: f(x, 0, keepdim=True), distinct(33), args=[0])
    case(f"{op}/4d", lambda x: f(x, 1, keepdim=True), distinct(2, 3, 2, 5), args=[1])

# ---- softmax and losses ----


def softmax(x):
    return F.softmax(x, -1)


case("softmax/7", softmax, uniform(7))
case("softmax/3x17", softmax, uniform(3, 17))
case("softmax/4x33", softmax, uniform(4, 33))
case("softmax/3d", softmax, uniform(2, 3, 5))
case("softmax/one", softmax, uniform(3, 1))
case("softmax/far", softmax, floats([[1000, 999, -1000], [-1000, -1000, -1001], [88, 0, 90]]))

for shape in (13,), (5, 17), (7, 1), ():
    name = "x".join(map(str, shape)) or "scalar"
    case(f"mse/{name}", F.mse_loss, uniform(*shape), uniform(*shape))
    case(f"bce_with_logits/{name}", F.binary_cross_entropy_with_logits, uniform(*shape),
         uniform(*shape, low=0, high=1))
hard = floats(torch.randint(0, 2, (33,)))
case("bce_with_logits/hard", F.binary_cross_entropy_with_logits, uniform(33, low=-6, high=6), hard)
z = floats([100, 100, 100, -100, -100, -100, 0, 20, -20, 5, -5])
t = floats([0, 1, 0.25, 0, 1, 0.75, 0.5, 0.9, 0.9, 0.1, 0])
case("bce_with_logits/far", F.binary_cross_entropy_with_logits, z, t)


def cross_entropy_case(name, z, labels):
    case(f"cross_entropy/{name}",
         lambda z: F.cross_entropy(z, torch.tensor(labels), ignore_index=-1), z, args=labels)


cross_entropy_case("7x5", uniform(7, 5), [0, 4, 2, 3, 1, 1, 0])
cross_entropy_case("3x33", uniform(3, 33), [32, 0, 17])
cross_entropy_case("one_row", uniform(1, 13), [12])
cross_entropy_case("ignored", uniform(6, 7), [-1, 3, -1, 6, 0, -1])
big = floats([[1000, 0, -1000], [-1000, 1000, 999], [100, 100.5, 99], [-300, -301, -302.5]])
cross_entropy_case("big", big, [0, 2, 1, 1])
cross_entropy_case("big_ignored", big, [-1, 0, 2, -1])
# A small loss of big logits: log(sum of exp(z)) - z[label] must not cancel.
# One row a case, so that errors cannot cancel either; exact in binary, for the double build.
cross_entropy_case("big_close", floats([[1000.25, 1000, 998.75]]), [0])
cross_entropy_case("big_close_negative", floats([[-5000, -5001.125, -5000.75]]), [1])
cross_entropy_case("big_close_10000", floats([[10000, 9999, 9998.5, 10001]]), [3])

# ---- ten steps of training: y is the loss before each step, y0, y1, .. the parameters at last ----

x = uniform(6, 5)
labels = [0, 2, 1, 1, 0, 2]
start = [uniform(8, 5, low=-0.5, high=0.5), uniform(8, low=-0.2, high=0.2),
         uniform(3, 8, low=-0.5, high=0.5), uniform(3, low=-0.2, high=0.2)]
OPTIMIZERS = [("sgd", [0.1], lambda p: torch.optim.SGD(p, lr=0.1)),
              ("momentum", [0.1, 0.9], lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
              ("adam", [0.01], lambda p: torch.optim.Adam(p, lr=0.01))]


def train(name, settings, make, decay=0):
    params = [p.clone().requires_grad_() for p in start]
    optimizer = make(params)
    losses = []
    for step in range(10):
        optimizer.zero_grad()
        h = torch.tanh(F.linear(x, params[0], params[1]))
        loss = F.cross_entropy(F.linear(h, params[2], params[3]), torch.tensor(labels))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    write(f"train_{name}",
          [("x", x), ("labels", torch.tensor(labels)), ("args", torch.tensor(settings))]
          + [(f"x{i}", p) for i, p in enumerate(start)] + [("y", torch.tensor(losses))]
          + [(f"y{i}", p) for i, p in enumerate(params)]
          + ([("decay", torch.tensor(decay))] if decay else []))


for rule, settings, make in OPTIMIZERS:
    train(f"{rule}/mlp", settings, make)

# ---- later ones, last: the random numbers of the cases above stay what they were ----

unary_cases([
    ("sin", torch.sin, uniform, None), ("cos", torch.cos, uniform, None),
    ("heaviside", lambda x: torch.sign(torch.relu(x)), away, None),
    ("sigmoid_temperature", lambda x: torch.sigmoid(x / 0.25), uniform, [0.25]),
    ("stochastic_binary", torch.sigmoid, uniform, None),  # its mean
    ("elu", lambda x: F.elu(x, 1.5), away, [1.5]), ("gelu", F.gelu, uniform, None),
    ("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), uniform, None)])
case("sin/far", torch.sin, floats([100, -1e4, 1e6, -3e9, 1e30]))
case("cos/far", torch.cos, floats([100, -1e4, 1e6, -3e9, 1e30]))
case("elu/far", F.elu, far, args=[1])
case("gelu/far", F.gelu, far)
case("gelu_tanh/far", lambda x: F.gelu(x, approximate="tanh"), far)
case("sigmoid_temperature/far", lambda x: torch.sigmoid(x / 4), far, args=[4])


def log_softmax(x):
    return F.log_softmax(x, -1)


case("log_softmax/7", log_softmax, uniform(7))
case("log_softmax/3x17", log_softmax, uniform(3, 17))
case("log_softmax/4x33", log_softmax, uniform(4, 33))
case("log_softmax/3d", log_softmax, uniform(2, 3, 5))
case("log_softmax/one", log_softmax, uniform(3, 1))
case("log_softmax/far", log_softmax,
     floats([[1000, 999, -1000], [-1000, -1000, -1001], [88, 0, 90]]))

SGD, ADAM, ADAMW = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW
ADAGRAD, RMSPROP = torch.optim.Adagrad, torch.optim.RMSprop
L2 = {"weight_decay": 0.3}
for name, settings, rule, options in (
        ("sgd/decay", [0.1], SGD, L2),
        ("momentum/decay", [0.1, 0.9], SGD, {"momentum": 0.9, **L2}),
        ("nesterov/mlp", [0.1, 0.9], SGD, {"momentum": 0.9, "nesterov": True}),
        ("nesterov/decay", [0.1, 0.5], SGD, {"momentum": 0.5, "nesterov": True, **L2}),
        ("adagrad/mlp", [0.1], ADAGRAD, {}),
        ("adagrad/decay", [0.1], ADAGRAD, L2),
        ("rmsprop/mlp", [0.01], RMSPROP, {}),
        ("rmsprop/decay", [0.01], RMSPROP, L2),
        ("adam/decay", [0.01], ADAM, L2),
        ("adamw/mlp", [0.01, 0.01], ADAMW, {"weight_decay": 0.01}),
        ("adamw/decay", [0.1, 0.9], ADAMW, {"weight_decay": 0.9})):
    train(name, settings, lambda p: rule(p, lr=settings[0], **options),
          0 if rule == ADAMW else options.get("weight_decay", 0))

# ---- schedules: y is the learning rate at t = 0, 1, .. ----


def schedule(name, lr, settings, make, steps):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=lr)
    scheduler = make(optimizer)
    rates = []
    for t in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    args = torch.tensor([lr] + settings, dtype=torch.float64)
    write(name, [("args", args), ("y", torch.tensor(rates))])


LR = torch.optim.lr_scheduler
schedule("step_lr/3", 0.5, [0.1, 3], lambda o: LR.StepLR(o, 3, 0.1), 14)
schedule("exponential_lr/0.9", 0.1, [0.9], lambda o: LR.ExponentialLR(o, 0.9), 30)
schedule("cosine_annealing_lr/20", 0.1, [0, 20], lambda o: LR.CosineAnnealingLR(o, 20), 21)
schedule("cosine_annealing_lr/7", 2, [0.5, 7], lambda o: LR.CosineAnnealingLR(o, 7, 0.5), 8)
schedule("linear_lr/5", 0.3, [0.25, 5], lambda o: LR.LinearLR(o, 0.25, 1, 5), 9)

# ---- losses (chapter 7): args are 0 mean, 1 sum, 2 none, then what else the loss is given ----

REDUCTIONS = ["mean", "sum", "none"]


def reduce(y, how):
    return y.mean() if how == 0 else y.sum() if how == 1 else y


def loss_cases(name, f, inputs, more=(), args=()):
    """f(how, *inputs), once in each reduction; more: named arrays beside the inputs."""
    for how, word in enumerate(REDUCTIONS):
        case(f"{name}_{word}", lambda *xs: f(how, *xs), *inputs, args=[how, *args])
        if more:
            end = out.pop()
            assert end == "end"
            for key, t in more:
                out.append(" ".join(["tensor", key, str(t.dim())] + [str(d) for d in t.shape]))
                out.append(" ".join(repr(v) for v in t.reshape(-1).tolist()))
            out.append(end)


def named(f, **options):
    return lambda how, *xs: f(*xs, reduction=REDUCTIONS[how], **options)


def per_item(f):
    return lambda how, *xs: reduce(f(*xs), how)


numbers = uniform(4, 5), uniform(4, 5)
loss_cases("mse_reduced/4x5", named(F.mse_loss), numbers)
loss_cases("mae/4x5", named(F.l1_loss), numbers)
loss_cases("huber/4x5", named(F.huber_loss, delta=0.5), numbers, args=[0.5])
loss_cases("huber/wide", named(F.huber_loss, delta=3), numbers, args=[3])
loss_cases("bce_reduced/4x5", named(F.binary_cross_entropy_with_logits),
           (uniform(4, 5, low=-6, high=6), uniform(4, 5, low=0, high=1)))
sign = torch.randint(0, 2, (13,)).double() * 2 - 1
loss_cases("hinge/13", per_item(lambda y: torch.clamp(1 - sign * y, min=0)), (uniform(13),),
           [("t", sign)])

labels = torch.tensor([2, -1, 0, 4, 1, 1])
weights = torch.tensor([1, 0.5, 3, 2, 0.25], dtype=torch.float64)


def weighted(**options):
    return named(lambda z, **o: F.cross_entropy(z, labels, ignore_index=-1, **o), **options)


z = uniform(6, 5)
loss_cases("cross_entropy_weighted/plain", weighted(), (z,), [("t", labels)], [0])
loss_cases("cross_entropy_weighted/smooth", weighted(label_smoothing=0.125), (z,),
           [("t", labels)], [0.125])
loss_cases("cross_entropy_weighted/weights", weighted(weight=weights), (z,),
           [("t", labels), ("w", weights)], [0])
loss_cases("cross_entropy_weighted/both", weighted(weight=weights, label_smoothing=0.25), (z,),
           [("t", labels), ("w", weights)], [0.25])


def distributions(n, c):
    """Multiples of 1/64, so that a float holds them exactly and they sum to 1."""
    counts = torch.distributions.Multinomial(64, torch.ones(n, c)).sample()
    return counts.double() / 64


p = distributions(5, 4)
positive_p = (distributions(5, 4) + 0.25) / 2
loss_cases("cross_entropy_soft/5x4", named(F.cross_entropy), (uniform(5, 4), p))
loss_cases("entropy/5x4", per_item(lambda p: -(p * p.log()).sum(1)), (positive_p,))
loss_cases("kl_div/5x4", per_item(
    lambda z, p: F.kl_div(F.log_softmax(z, 1), p, reduction="none").sum(1)),
    (uniform(5, 4), positive_p))

crammer = torch.tensor([1, 0, 4, 3, 2])


def crammer_singer(z):
    others = z.masked_fill(F.one_hot(crammer, 5).bool(), -1e9)
    return torch.clamp(1 + others.max(1).values - z[torch.arange(5), crammer], min=0)


loss_cases("multiclass_hinge/5x5", per_item(crammer_singer), (uniform(5, 5),), [("t", crammer)])


def squared(a, b):
    return ((a - b) ** 2).sum(1)


def triplet(how, a, p, n):
    return F.triplet_margin_with_distance_loss(a, p, n, distance_function=squared, margin=0.75,
                                               reduction=REDUCTIONS[how])


three = uniform(6, 3), uniform(6, 3), uniform(6, 3)
loss_cases("triplet/6x3", triplet, three, args=[0.75])
same = torch.tensor([1, 0, 0, 1, 0, 0])


def contrastive(a, b):
    d = squared(a, b).sqrt()
    return torch.where(same == 1, d ** 2, torch.clamp(2.5 - d, min=0) ** 2) / 2


loss_cases("contrastive/6x3", per_item(contrastive), three[:2], [("t", same)], [2.5])


def ctc(blank, frames, labels):
    lengths = (labels >= 0).sum(1)

    def f(how, z):
        y = F.ctc_loss(F.log_softmax(z, 2).transpose(0, 1), labels.clamp(min=0), frames, lengths,
                       blank=blank, reduction="none")
        return reduce(y, how)
    return f


def ctc_cases(name, z, blank, frames, labels):
    frames, labels = torch.tensor(frames), torch.tensor(labels)
    loss_cases(f"ctc/{name}", ctc(blank, frames, labels), (z,), [("f", frames), ("t", labels)],
               [blank])


ctc_cases("one", uniform(1, 4, 3), 0, [4], [[1, 2]])
ctc_cases("batch", uniform(4, 9, 5), 0, [9, 5, 7, 1],
          [[1, 1, 2, 4], [3, -1, -1, -1], [4, 3, 3, 1], [2, -1, -1, -1]])
ctc_cases("blank_last", uniform(2, 12, 6), 5, [12, 10], [[0, 0, 0, 4, 1], [2, 3, -1, -1, -1]])
ctc_cases("long", uniform(1, 60, 7), 3, [60],
          [[0, 1, 1, 2, 4, 5, 6, 6, 6, 0, 2, 4, 4, 1, 0, 5, 0, 5, 6, 1]])

def batch_norm(name, *shape, training):
    """Running statistics: mean, var before, new_mean, new_var after."""
    c = shape[1]
    x, w, b = uniform(*shape), away(c), uniform(c)
    before = uniform(c), uniform(c, low=0.2)
    mean, var = before[0].clone(), before[1].clone()
    f = lambda x, w, b: F.batch_norm(x, mean, var, w, b, training, 0.1, 1e-5)
    case(f"batch_norm/{name}", f, x, w, b, args=[float(training)])
    out.pop()
    end = out.index(f"case batch_norm/{name}")
    head, out[end:] = out[end:], []
    write(f"batch_norm/{name}", [("mean", before[0]), ("var", before[1]), ("ymean", mean),
                                 ("yvar", var)])
    out[-1:] = head[1:] + ["end"]


for training in True, False:
    how = "training" if training else "evaluation"
    batch_norm(f"2d_{how}", 7, 5, training=training)
    batch_norm(f"2d_three_{how}", 3, 17, training=training)
    batch_norm(f"3d_{how}", 3, 4, 9, training=training)
    batch_norm(f"3d_one_{how}", 9, 3, 1, training=training)
    batch_norm(f"4d_{how}", 2, 3, 4, 5, training=training)
    batch_norm(f"4d_one_sample_{how}", 1, 2, 5, 7, training=training)


# ---- clipping (chapter 9): x0, .. gradients, args the limit, n the norm before, c0, .. clipped ----


def clip(name, limit, f, *gradients):
    params = [torch.zeros_like(g, requires_grad=True) for g in gradients]
    for p, g in zip(params, gradients):
        p.grad = g.clone()
    norm = f(params, limit)
    write(name, [("args", torch.tensor([limit], dtype=torch.float64))]
          + [(f"x{i}", g) for i, g in enumerate(gradients)]
          + ([("n", norm.reshape(1))] if norm is not None else [])
          + [(f"c{i}", p.grad) for i, p in enumerate(params)])


two = uniform(4, 7), uniform(7)
clip("clip_norm/shorter", 1.5, torch.nn.utils.clip_grad_norm_, *two)
clip("clip_norm/longer", 100.0, torch.nn.utils.clip_grad_norm_, *two)
clip("clip_norm/tiny", 1e-3, torch.nn.utils.clip_grad_norm_, uniform(5) * 0.01, uniform(3, 3))
clip("clip_norm/eps", 1e-7, torch.nn.utils.clip_grad_norm_, floats([3e-6, -4e-6]))
clip("clip_value/half", 0.5, torch.nn.utils.clip_grad_value_, *two)

# ---- convolution and pooling (chapter 12): args are pairs of stride, padding, dilation, output
# padding, then the groups; of pooling kernel, stride, padding ----


def conv(name, f, x, w, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), more=None,
         groups=1):
    def g(x, w, b=None):
        options = {"stride": stride, "dilation": dilation, "groups": groups}
        if more:
            return f(x, w, b, padding=padding, output_padding=more, **options)
        return f(x, w, b, padding="same" if padding[0] == -1 else padding, **options)

    axes = x.dim() - 2
    pairs = [stride, padding, dilation, more or (0, 0)]
    stride, padding, dilation = (p[:axes] for p in pairs[:3])
    more = more and more[:axes]
    case(name, g, *([x, w] + ([uniform(bias)] if bias else [])),
         args=[v for p in pairs for v in p] + [groups])


C1, C2, CT = F.conv1d, F.conv2d, F.conv_transpose2d
conv("conv1d/plain", C1, uniform(2, 3, 17), uniform(4, 3, 5), 4)
conv("conv1d/strided", C1, uniform(2, 3, 16), uniform(4, 3, 4), 4, stride=(3, 1), padding=(2, 0))
conv("conv1d/dilated", C1, uniform(2, 2, 15), uniform(3, 2, 3), dilation=(4, 1))
conv("conv1d/same_even", C1, uniform(1, 2, 9), uniform(2, 2, 4), 2, padding=(-1, -1))
conv("conv1d/depthwise", C1, uniform(2, 4, 9), uniform(4, 1, 3), 4, padding=(1, 0), groups=4)
conv("conv2d/plain", C2, uniform(2, 3, 7, 6), uniform(5, 3, 3, 3), 5)
conv("conv2d/no_bias", C2, uniform(2, 3, 5, 6), uniform(4, 3, 3, 2), padding=(1, 1))
conv("conv2d/one_pixel", C2, uniform(2, 5, 4, 3), uniform(3, 5, 1, 1), 3)
conv("conv2d/strided", C2, uniform(2, 2, 9, 8), uniform(3, 2, 3, 4), 3, stride=(2, 3),
     padding=(2, 1))
conv("conv2d/dilated", C2, uniform(1, 2, 9, 10), uniform(3, 2, 3, 2), 3, stride=(1, 2),
     padding=(2, 1), dilation=(2, 3))
conv("conv2d/same", C2, uniform(1, 2, 6, 5), uniform(2, 2, 4, 2), 2, padding=(-1, -1),
     dilation=(1, 3))
conv("conv2d/groups", C2, uniform(2, 6, 5, 6), uniform(9, 2, 3, 3), 9, padding=(1, 0), groups=3)
conv("conv2d/depthwise", C2, uniform(2, 5, 6, 5), uniform(5, 1, 3, 3), 5, stride=(2, 1),
     padding=(1, 1), groups=5)
conv("conv2d/multiplied", C2, uniform(2, 3, 5, 5), uniform(6, 1, 2, 2), 6, groups=3)
conv("conv_transpose2d/plain", CT, uniform(2, 3, 4, 5), uniform(3, 4, 3, 3), 4, more=(0, 0))
conv("conv_transpose2d/upsampling", CT, uniform(2, 4, 3, 4), uniform(4, 2, 2, 2), 2,
     stride=(2, 2), more=(0, 0))
conv("conv_transpose2d/output_padding", CT, uniform(1, 3, 4, 3), uniform(3, 2, 3, 4), 2,
     stride=(3, 2), padding=(1, 2), more=(2, 1))
conv("conv_transpose2d/dilated", CT, uniform(1, 2, 4, 3), uniform(2, 3, 3, 2), padding=(1, 0),
     dilation=(2, 3), more=(1, 2))
conv("conv_transpose2d/groups", CT, uniform(2, 6, 3, 3), uniform(6, 2, 3, 2), 6, stride=(1, 2),
     padding=(1, 0), more=(0, 0), groups=3)

for kind, one, two in (("max_pool", F.max_pool1d, F.max_pool2d),
                       ("avg_pool", F.avg_pool1d, F.avg_pool2d)):
    for k, stride, padding in (2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0), (4, 1, 2):
        case(f"{kind}1d/{k}_{stride}_{padding}", lambda x: one(x, k, stride, padding),
             distinct(2, 3, 11), args=[k, stride, padding])
        case(f"{kind}2d/{k}_{stride}_{padding}", lambda x: two(x, k, stride, padding),
             distinct(2, 3, 7, 6), args=[k, stride, padding])
ties = torch.randint(0, 2, (2, 3, 6, 6)).double()  # which of equal ones has the gradient
case("max_pool2d/ties", lambda x: F.max_pool2d(x, 2), ties, args=[2, 2, 0])
case("max_pool2d/ties_overlap", lambda x: F.max_pool2d(x, 3, 1, 1), ties, args=[3, 1, 1])
case("global_avg_pool2d/3x5", lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), uniform(2, 3, 5, 3))

# ---- recurrent networks (chapters 13 and 14): inputs are x, the states before the first step if
# there are any, and the parameters in PyTorch's order; y is output, h and c in one row; args are
# the kind, layers, directions, whether there are biases, ReLU, how many states, the lengths ----


def recurrent(name, kind, x, hidden, states=0, lengths=None, **options):
    module = getattr(torch.nn, kind)(x.shape[2], hidden, batch_first=True, **options).double()
    layers, ways = module.num_layers, 2 if module.bidirectional else 1
    start = [uniform(layers * ways, x.shape[0], hidden, low=-1, high=1) for _ in range(states)]

    def f(x, *rest):
        state = rest[0] if states == 1 else tuple(rest[:2]) if states else None
        pack = torch.nn.utils.rnn.pack_padded_sequence
        if lengths:
            x = pack(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        module._flat_weights = list(rest[states:])
        y, last = module(x, state)
        if lengths:
            y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        last = last if isinstance(last, tuple) else (last,)
        return torch.cat([t.flatten() for t in (y, *last)])

    weights = [uniform(*p.shape, low=-1, high=1) for p in module.parameters()]
    args = [["RNN", "LSTM", "GRU"].index(kind), layers, ways, float(module.bias),
            float(options.get("nonlinearity") == "relu"), states] + (lengths or [])
    case(f"recurrent/{name}", f, x, *start, *weights, args=args)


def cell(name, kind, in_size, hidden, states):
    module = getattr(torch.nn, kind)(in_size, hidden).double()
    names = [n for n, _ in module.named_parameters()]

    def f(x, *rest):
        state = rest[0] if states == 1 else tuple(rest[:2]) if states else None
        parameters = dict(zip(names, rest[states:]))
        y = torch.nn.utils.stateless.functional_call(module, parameters, (x, state))
        return torch.cat([t.flatten() for t in (y if isinstance(y, tuple) else (y,))])

    start = [uniform(3, hidden, low=-1, high=1) for _ in range(states)]
    weights = [uniform(*p.shape, low=-1, high=1) for p in module.parameters()]
    case(f"cell/{name}", f, uniform(3, in_size), *start, *weights,
         args=[["RNNCell", "LSTMCell", "GRUCell"].index(kind), states])


for kind in "RNN", "LSTM", "GRU":
    short, states = kind.lower(), 2 if kind == "LSTM" else 1
    recurrent(f"{short}_plain", kind, uniform(2, 4, 3), 5)
    recurrent(f"{short}_state", kind, uniform(3, 3, 2), 4, states=states)
    recurrent(f"{short}_no_bias", kind, uniform(2, 3, 3), 3, bias=False)
    recurrent(f"{short}_two_layers", kind, uniform(2, 3, 3), 4, states=states, num_layers=2)
    recurrent(f"{short}_bidirectional", kind, uniform(2, 4, 3), 3, states=states,
              bidirectional=True)
    recurrent(f"{short}_lengths", kind, uniform(4, 5, 2), 3, states=states, lengths=[3, 5, 1, 4])
    recurrent(f"{short}_all", kind, uniform(3, 4, 2), 2, states=states, lengths=[2, 4, 3],
              bidirectional=True, num_layers=2)
    cell(f"{short}_zeros", kind + "Cell", 3, 5, 0)
    cell(f"{short}_state", kind + "Cell", 4, 3, states)
recurrent("rnn_relu", "RNN", uniform(2, 3, 3), 5, states=1, nonlinearity="relu")

words = [2, 0, 6, 2, 4, 2]
case("embedding/7x5", lambda w: F.embedding(torch.tensor(words), w), uniform(7, 5), args=words)
missing = [-1, 3, 3, 0, -1]
case("embedding/padding", lambda w: F.embedding(torch.tensor([4, 3, 3, 0, 4]), torch.cat(
    [w, torch.zeros(1, 3, dtype=torch.float64)])), uniform(4, 3), args=missing)

# ---- attention and transformers (chapter 15): inputs are x, what it attends to if that is another,
# and the parameters in PyTorch's order; the mask m is 1 where a query may look, PyTorch's there 0 ----


def looks(heads, causal, lengths, mask, steps, keys):
    hidden = torch.zeros(steps, keys, dtype=torch.bool) if mask is None else mask == 0
    if causal:
        hidden = hidden | torch.ones(steps, keys, dtype=torch.bool).triu(1 + keys - steps)
    if hidden.dim() > 2:
        hidden = hidden.repeat_interleave(heads, 0)
    padding = torch.arange(keys) >= torch.tensor(lengths)[:, None] if lengths else None
    return hidden, padding


def with_parameters(module, f):
    """f(call, *inputs) and as many parameters behind the inputs as the module has"""
    module = module.double()
    names = [n for n, _ in module.named_parameters()]
    weights = [uniform(*p.shape, low=-1, high=1) for p in module.parameters()]

    def g(*xs):
        parameters = dict(zip(names, xs[-len(names):]))
        return f(lambda *a, **o: torch.nn.utils.stateless.functional_call(module, parameters, a, o),
                 *xs[:-len(names)])
    return g, weights


def multihead(name, x, heads, source=None, causal=0, lengths=None, mask=None):
    hidden, padding = looks(heads, causal, lengths, mask, x.shape[1], (x if source is None else
                                                                      source).shape[1])

    def f(call, x, source=None):
        source = x if source is None else source
        return call(x, source, source, key_padding_mask=padding, attn_mask=hidden)[0]
    module = torch.nn.MultiheadAttention(x.shape[2], heads, batch_first=True)
    f, weights = with_parameters(module, f)
    case(f"multihead_attention/{name}", f, x, *([] if source is None else [source]), *weights,
         args=[heads, causal] + (lengths or []), mask=mask)


def transformer(name, x, memory=None, heads=2, hidden=5, layers=1, causal=0, norm_first=0, gelu=0,
                lengths=None):
    d, decoder = x.shape[2], memory is not None
    nn = torch.nn
    layer = (nn.TransformerDecoderLayer if decoder else nn.TransformerEncoderLayer)(
        d, heads, hidden, 0.0, "gelu" if gelu else "relu", batch_first=True,
        norm_first=bool(norm_first))
    stack = (nn.TransformerDecoder if decoder else nn.TransformerEncoder)(
        layer, layers, nn.LayerNorm(d) if norm_first else None)
    keys = (memory if decoder else x).shape[1]
    future, padding = looks(heads, causal, lengths, None, x.shape[1], x.shape[1])[0], looks(
        heads, 0, lengths, None, x.shape[1], keys)[1]

    def f(call, x, memory=None):
        if decoder:
            return call(x, memory, tgt_mask=future, memory_key_padding_mask=padding)
        return call(x, mask=future, src_key_padding_mask=padding)
    f, weights = with_parameters(stack, f)
    case(f"transformer/{name}", f, x, *([memory] if decoder else []), *weights,
         args=[int(decoder), heads, hidden, layers, causal, norm_first, gelu] + (lengths or []))


case("layer_norm/3x7", lambda x, w, b: F.layer_norm(x, (7,), w, b), uniform(3, 7), uniform(7),
     uniform(7))
case("layer_norm/4d", lambda x, w, b: F.layer_norm(x, (17,), w, b), uniform(2, 1, 2, 17),
     uniform(17), uniform(17))
multihead("self", uniform(2, 3, 4), 2)
multihead("self_one_head", uniform(1, 5, 3), 1)
multihead("causal", uniform(2, 4, 6), 3, causal=1)
multihead("lengths", uniform(3, 3, 4), 2, lengths=[1, 3, 2])
multihead("mask", uniform(2, 3, 4), 2, mask=torch.tensor([[1, 0, 1], [0, 1, 1], [1, 0, 0]]))
multihead("masks", uniform(2, 2, 4), 2, causal=1,
          mask=torch.tensor([[[1, 1], [0, 1]], [[1, 0], [1, 1]]]))
multihead("cross", uniform(2, 2, 4), 2, source=uniform(2, 5, 4))
multihead("cross_causal", uniform(2, 2, 4), 4, source=uniform(2, 4, 4), causal=1, lengths=[3, 4])
transformer("encoder", uniform(2, 3, 4))
transformer("encoder_pre", uniform(2, 3, 4), norm_first=1, gelu=1, causal=1)
transformer("encoder_two", uniform(2, 3, 4), layers=2, gelu=1, lengths=[2, 3])
transformer("encoder_two_pre", uniform(2, 2, 4), layers=2, norm_first=1)
transformer("decoder", uniform(2, 3, 4), uniform(2, 4, 4), causal=1)
transformer("decoder_pre", uniform(2, 3, 4), uniform(2, 2, 4), causal=1, norm_first=1, gelu=1,
            lengths=[1, 2])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.txt")
with open(path, "w") as file:
    file.write("\n".join(out) + "\n")
