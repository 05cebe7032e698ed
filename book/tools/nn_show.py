"""What nn_gdb.py and nn_lldb.py show of nn.h's values, as text.

A value here is what gdb has: v["member"], v[i], int(v), float(v); a pointer to a struct has the
struct's members, too. The debugger's own file adds numbers(pointer, n), n nn_real of the program's
memory, and text(v), a C string. What cannot be read raises; show() and command() say so.
"""
import math

SHOWN = 8       # rows and columns, as in nn_print
MANY = 1 << 20  # numbers: statistics of more would keep you waiting
numbers = text = None

def shape(s):
    n = int(s["ndim"])
    if not 0 <= n <= 4:
        raise ValueError(n)
    return "[" + ", ".join(str(int(s["dim"][i])) for i in range(n)) + "]"

def label(x):
    """A tensor in a few words."""
    if int(x["ctx"]["failed"]["ctx"]) != int(x["ctx"]):  # true of every nn_ctx
        raise ValueError("not a tensor")
    return " ".join(w for w in (text(x["op"]), text(x["name"]), shape(x["shape"])) if w)

def place(x):
    return ", %s:%d" % (text(x["file"]), int(x["line"])) if int(x["file"]) else ""

def gone(x):
    """Why it has no numbers; "" if it has."""
    if int(x["size"]) == 0:
        return " (after the error: %s)" % (text(x["ctx"]["message"]) or "cleared")
    return " (from before nn_clear)" if int(x["life"]) not in (0, int(x["ctx"]["life"])) else ""

def statistics(a):
    finite, nan = [v for v in a if v - v == 0], sum(v != v for v in a)
    parts = []
    if finite:
        mean = sum(finite) / len(finite)
        std = math.sqrt(sum((v - mean) ** 2 for v in finite) / len(finite))
        parts = ["mean %.4g, std %.4g, min %.4g, max %.4g" % (mean, std, min(finite), max(finite))]
    for count, what in (nan, "nan"), (len(a) - nan - len(finite), "inf"):
        parts += ["%d %s" % (count, what)] if count else []
    return ", ".join(parts)

def row(a, columns=SHOWN):
    return "".join(" %9.4g" % (v + 0) for v in a[:columns]) + (" ..." if len(a) > columns else "")

def rows(x, field, first=0, count=SHOWN, columns=SHOWN):
    """Of the last axis, from row `first` on, a line each."""
    ndim, size = int(x["shape"]["ndim"]), int(x["size"])
    width = int(x["shape"]["dim"][ndim - 1]) if ndim else 1
    first = min(first, size // width - 1)
    end = min(size // width, first + count)
    a = numbers(x[field], end * width)
    more = ["       ... %d rows in all" % (size // width)] if end < size // width else []
    return [row(a[i * width:(i + 1) * width], columns) for i in range(first, end)] + more

def array(x, field):
    n = int(x["size"])
    if n == 1:
        return row(numbers(x[field], 1)).lstrip() if field == "grad" else row(numbers(x[field], 1))
    of = " of the first %d" % MANY if n > MANY else ""
    return "\n".join([statistics(numbers(x[field], min(n, MANY))) + of] + rows(x, field))

def tensor(x):
    if gone(x):
        return label(x) + place(x) + gone(x)
    made_of = ", ".join(label(x["in"][i]) for i in range(int(x["n_in"])))
    lines = [label(x) + (" of " + made_of if made_of else "") + place(x), array(x, "data")]
    return "\n".join(lines + (["gradient: " + array(x, "grad")] if int(x["grad"]) else []))

def short(x):
    """A tensor in one line."""
    if gone(x):
        return label(x) + gone(x)
    a = numbers(x["data"], min(int(x["size"]), MANY))
    line = label(x) + (" = %.4g" % a[0] if len(a) == 1 else ": " + statistics(a).split(", min")[0])
    bad = sum(v - v != 0 for v in a)
    line += ", %d not finite" % bad if bad else ""
    if int(x["grad"]):
        line += ", |grad| up to %.4g" % max(abs(v) for v in numbers(x["grad"], len(a)))
    return line

def graph(x, depth, seen, indent=""):
    """How x was made: below each tensor, further in, what it was made of."""
    if int(x) in seen:
        return [indent + label(x) + ", as above"]
    seen.add(int(x))
    lines = [indent + short(x) + place(x)]
    n = 0 if gone(x) else int(x["n_in"])
    if n and depth == 0:
        return lines + [indent + "  ..."]
    for i in range(n):
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

def show(kind, v, how=None):
    """The text of v, of C type `kind`."""
    try:
        return (how or SHOW[kind])(v)
    except Exception:
        return "no %s can be read here: not set yet, or freed?" % kind

HELP = """nn graph TENSOR [DEPTH]   how it was made, back through its inputs; DEPTH 4
nn rows TENSOR [FIRST]    all columns of 20 rows of its last axis, from row FIRST on
nn grad TENSOR [FIRST]    of its gradient
nn array POINTER COUNT    of plain numbers: statistics, and the first ones"""

def command(line, evaluate):
    """nn graph and so on; evaluate(expression) gives a value."""
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
        x, field = evaluate(expression), "grad" if what == "grad" else "data"
        if what == "graph":
            return "\n".join(graph(x, int(number or 4), set()))
        if gone(x) or not int(x[field]):
            return label(x) + (gone(x) or " has no gradient")
        return "\n".join(rows(x, field, int(number or 0), 20, 1 << 20))
    except Exception:
        return "nn %s: this cannot be read: %s" % (what, rest)
