"""What nn_gdb.py and nn_lldb.py show of nn.h's values: text, made of a debugger's values.

A value here is what gdb has: v["member"], v[i], int(v), float(v); a pointer to a struct has the
struct's members, too. The debugger's own module adds numbers(pointer, n), n nn_real of the program's
memory, and text(v), a C string. What cannot be read raises.
"""
import math

SHOWN = 8        # rows and columns, as nn_print has it
MANY = 1 << 20   # numbers: statistics of more would keep you waiting
numbers = text = None


def shape(s):
    n = int(s["ndim"])
    if not 0 <= n <= 4:
        raise ValueError("%d dimensions" % n)
    return "[" + ", ".join(str(int(s["dim"][i])) for i in range(n)) + "]"


def label(x):
    """A tensor in a few words. Raises where there is none."""
    ctx = x["ctx"]
    if int(ctx["failed"]["ctx"]) != int(ctx):  # every nn_ctx keeps this
        raise ValueError("not a tensor")
    return " ".join(w for w in (text(x["op"]), text(x["name"]), shape(x["shape"])) if w)


def state(x):
    """Why its numbers cannot be shown; "" if they can."""
    life = int(x["life"])
    if int(x["size"]) == 0:
        return "after the error: " + (text(x["ctx"]["message"]) or "(cleared)")
    return "from before nn_clear" if life and life != int(x["ctx"]["life"]) else ""


def place(x):
    return ", %s:%d" % (text(x["file"]), int(x["line"])) if int(x["file"]) else ""


def statistics(a):
    finite = [v for v in a if v - v == 0]
    nan = sum(v != v for v in a)
    parts = []
    if finite:
        mean = sum(finite) / len(finite)
        std = math.sqrt(sum((v - mean) ** 2 for v in finite) / len(finite))
        parts = ["mean %.4g, std %.4g, min %.4g, max %.4g" % (mean, std, min(finite), max(finite))]
    parts += ["%d nan" % nan] if nan else []
    parts += ["%d inf" % (len(a) - nan - len(finite))] if len(a) > nan + len(finite) else []
    return ", ".join(parts)


def row(a, columns=SHOWN):
    return "".join(" %9.4g" % (v + 0) for v in a[:columns]) + (" ..." if len(a) > columns else "")


def rows(x, field="data", first=0, count=SHOWN, columns=SHOWN):
    """Rows of the last axis from number `first` on, a line for each."""
    ndim, size = int(x["shape"]["ndim"]), int(x["size"])
    width = int(x["shape"]["dim"][ndim - 1]) if ndim else 1
    first = max(0, min(first, size // width - 1))
    end = min(size // width, first + count)
    a = numbers(x[field], end * width)
    lines = [row(a[i * width:(i + 1) * width], columns) for i in range(first, end)]
    if end < size // width:
        lines.append("       ... %d rows in all" % (size // width))
    return lines


def array(x, field):
    """Statistics and first rows of data or grad."""
    n = int(x["size"])
    if n == 1:
        return rows(x, field)
    line = statistics(numbers(x[field], min(n, MANY)))
    return [line + (" of the first %d" % MANY if n > MANY else "")] + rows(x, field)


def tensor(x):
    made_of = [label(x["in"][i]) for i in range(int(x["n_in"]))] if not state(x) else []
    lines = [label(x) + (" of " + ", ".join(made_of) if made_of else "") + place(x)]
    if state(x):
        return "%s (%s)" % (lines[0], state(x))
    lines += array(x, "data")
    if int(x["grad"]):
        grad = array(x, "grad")
        lines += ["gradient: " + grad[0].lstrip()] + grad[1:]
    return "\n".join(lines)


def short(x):
    """A tensor in one line."""
    if state(x):
        return "%s (%s)" % (label(x), state(x))
    n = min(int(x["size"]), MANY)
    a = numbers(x["data"], n)
    line = label(x) + (" = %.4g" % a[0] if n == 1 else ": " + statistics(a).split(", min")[0])
    bad = sum(v - v != 0 for v in a)
    line += ", %d not finite" % bad if bad else ""
    if int(x["grad"]):
        line += ", |grad| up to %.4g" % max(abs(v) for v in numbers(x["grad"], n))
    return line


def graph(x, depth=4, seen=None, indent=""):
    """How x was made: below each tensor, further in, what it was made of."""
    seen = set() if seen is None else seen
    if int(x) in seen:
        return [indent + label(x) + ", as above"]
    seen.add(int(x))
    lines = [indent + short(x) + place(x)]
    if state(x) or not int(x["n_in"]):
        return lines
    if depth == 0:
        return lines + [indent + "  ..."]
    for i in range(int(x["n_in"])):
        lines += graph(x["in"][i], depth - 1, seen, indent + "  ")
    return lines


def model(m):
    p = [m["param"][i] for i in range(int(m["n_params"]))]
    count = sum(int(x["size"]) for x in p)
    return "\n".join(["%d tensors, %d numbers" % (len(p), count)] + ["  " + short(x) for x in p])


def optimizer(o):
    return "%s, lr %g, %d steps done, of a model of %s" % (
        text(o["rule"]), float(o["lr"]), int(o["step"]), model(o["model"]))


def ctx(c):
    return "%s; training %d, grad_enabled %d; %d operations recorded since nn_clear" % (
        "error: " + text(c["message"]) if int(c["code"]) else "no error", int(c["training"]),
        int(c["grad_enabled"]), int(c["n_tape"]))


SHOW = {"nn_tensor": tensor, "nn_shape": shape, "nn_model": model, "nn_optimizer": optimizer,
        "nn_ctx": ctx}
HELP = """nn graph TENSOR [DEPTH]   how it was made, back through its inputs; DEPTH 4
nn rows TENSOR [FIRST]    all columns of 20 rows of its last axis, from row FIRST on
nn grad TENSOR [FIRST]    of its gradient
nn array POINTER COUNT    of plain numbers: statistics, and the first ones"""


def show(kind, v, how=None):
    """The text of v, of C type `kind`; of a bad pointer it says so."""
    try:
        return (how or SHOW[kind])(v)
    except Exception:
        return "no %s can be read here: not set yet, or freed?" % kind


def command(line, evaluate):
    """nn graph, nn rows and so on; evaluate(expression) gives a value."""
    what, _, rest = line.strip().partition(" ")
    expression, _, number = rest.rpartition(" ")
    if what not in ("graph", "rows", "grad", "array") or not rest:
        return HELP
    try:
        if what == "array":
            a = numbers(evaluate("&(%s)[0]" % expression), min(int(evaluate(number)), MANY))
            return statistics(a) + "\n" + row(a)
        if not number.isdigit() or not expression:
            expression, number = rest, ""
        x = evaluate(expression)
        if what == "graph":
            return "\n".join(graph(x, int(number or 4)))
        field = "grad" if what == "grad" else "data"
        if state(x) or not int(x[field]):
            return label(x) + ": " + (state(x) or "no gradient")
        return "\n".join(rows(x, field, int(number or 0), 20, 1 << 20))
    except Exception:
        return "nn %s: this cannot be read: %s" % (what, rest)
