"""gdb shows nn.h's values: gdb -x book/tools/nn_gdb.py ./a.out; then `print x`, `help nn`.

`print/r x` shows a struct as it is. `step` goes straight into an operation, past the functions of
its arguments' shapes and of the line it was called from.
"""
import array
import os
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import nn_show

nn_panes = False  # True, for a window of variables: one line each, which opens to the members

def numbers(pointer, n):
    size = pointer.type.target().sizeof
    memory = gdb.selected_inferior().read_memory(int(pointer), n * size)
    return array.array("f" if size == 4 else "d", bytes(memory))

nn_show.numbers, nn_show.text = numbers, lambda v: v.string(errors="replace")

class Printer:
    def __init__(self, kind, value, how=None):
        self.kind, self.value, self.how = kind, value, how

    def to_string(self):
        how = self.how
        if gdb.print_options().get("summary"):  # an argument in a line of a backtrace
            if self.kind not in ("nn_tensor", "nn_shape"):
                return hex(int(self.value)) if is_pointer(self.value) else "..."
            how = nn_show.label if self.kind == "nn_tensor" else None
        return nn_show.show(self.kind, self.value, how)

class Pane(Printer):
    def children(self):
        v = self.value.dereference() if is_pointer(self.value) else self.value
        yield "shows", self.to_string()  # the line itself is {...} in some of them
        try:
            v.fetch_lazy()
        except gdb.error:  # a pointer that was not set yet
            return
        for f in v.type.strip_typedefs().fields():
            yield f.name, v[f]

def layer(value):
    """Any other struct of tensors: a line for each member."""
    def line(v):
        if kind_of(v.type) == "nn_tensor" and int(v):
            return nn_show.show("nn_tensor", v, nn_show.short)
        return str(v)
    fields = value.type.strip_typedefs().fields()
    return "{\n%s}" % "".join("  %s = %s\n" % (f.name, line(value[f.name])) for f in fields)

def is_pointer(value):
    return value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR

def kind_of(t):
    """nn_tensor of nn_tensor and nn_tensor *; "" of what is not nn.h's."""
    t = t.strip_typedefs()
    t = t.target().strip_typedefs() if t.code == gdb.TYPE_CODE_PTR else t
    name = t.unqualified().name or ""
    return name if t.code == gdb.TYPE_CODE_STRUCT and name.startswith("nn_") else ""

def lookup(value):
    kind = kind_of(value.type)
    if not kind or is_pointer(value) and (int(value) == 0 or kind == "nn_shape"):
        return None
    if nn_panes:
        return Pane(kind, value, nn_show.short) if kind == "nn_tensor" else None
    if kind in nn_show.SHOW:
        return Printer(kind, value)
    fields = [] if is_pointer(value) else value.type.strip_typedefs().fields()
    return Printer(kind, value, layer) if any(kind_of(f.type) == "nn_tensor" for f in fields) else None

class Command(gdb.Command):
    __doc__ = nn_show.HELP

    def invoke(self, line, from_tty):
        print(nn_show.command(line, gdb.parse_and_eval))

Command("nn", gdb.COMMAND_DATA)
gdb.pretty_printers.insert(0, lookup)
if not hasattr(gdb, "print_options"):  # of an old gdb, which cannot tell to_string where it is
    gdb.print_options = dict
if "summary" not in gdb.print_options():
    gdb.execute("set print raw-frame-arguments on")
gdb.execute("skip -rfu ^nn(__at|_shape[0-4]$)", to_string=True)
