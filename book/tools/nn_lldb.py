"""lldb shows nn.h's values: lldb -o 'command script import book/tools/nn_lldb.py' ./a.out; then
`frame variable x`, `nn`. `frame variable -R x` shows a struct as it is. `step` goes straight into
an operation.
"""
import array
import os
import sys

import lldb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import nn_show


class Value:
    """An lldb.SBValue that answers as a value of gdb does."""

    def __init__(self, v):
        self.v = v
        if not v.IsValid() or v.GetError().Fail():
            raise ValueError(v.GetError().GetCString())

    def __getitem__(self, key):
        if isinstance(key, str):
            return Value(self.v.GetChildMemberWithName(key))
        return Value(self.v.GetChildAtIndex(key, lldb.eNoDynamicValues, True))

    def __int__(self):
        error = lldb.SBError()
        n = self.v.GetValueAsUnsigned(error)
        if error.Fail():
            raise ValueError(error.GetCString())
        return n

    def __float__(self):
        return float(self.v.GetValue())


def read(value, address, size):
    error = lldb.SBError()
    memory = value.v.GetProcess().ReadMemory(address, size, error)
    if error.Fail():
        raise ValueError(error.GetCString())
    return memory


def numbers(pointer, n):
    size = pointer.v.GetType().GetPointeeType().GetByteSize()
    return array.array("f" if size == 4 else "d", read(pointer, int(pointer), n * size))


def text(value):
    is_array = value.v.GetType().IsArrayType()
    error = lldb.SBError()
    address = value.v.GetLoadAddress() if is_array else int(value)
    return value.v.GetProcess().ReadCStringFromMemory(address, 512, error) or ""


nn_show.numbers, nn_show.text = numbers, text


def summary(value, dictionary):
    t = value.GetType().GetCanonicalType()
    pointer = t.IsPointerType()
    kind = (t.GetPointeeType() if pointer else t).GetCanonicalType().GetUnqualifiedType().GetName()
    if pointer and value.GetValueAsUnsigned() == 0:
        return "NULL"
    return nn_show.show(kind.replace("struct ", ""), Value(value.GetNonSyntheticValue()))


def command(debugger, line, result, dictionary):
    frame = debugger.GetSelectedTarget().GetProcess().GetSelectedThread().GetSelectedFrame()
    print(nn_show.command(line, lambda e: Value(frame.EvaluateExpression(e))), file=result)


command.__doc__ = nn_show.HELP


def __lldb_init_module(debugger, dictionary):
    for kind in nn_show.SHOW:
        debugger.HandleCommand("type summary add -F %s.summary %s" % (__name__, kind))
    debugger.HandleCommand("command script add -f %s.command nn" % __name__)
    debugger.HandleCommand("settings set frame-format 'frame #${frame.index}: ${function.name-without-args}"
                           " at ${line.file.basename}:${line.number}\\n'")  # else whole tensors
    debugger.HandleCommand("settings set target.process.thread.step-avoid-regexp"
                           " ^nn(__at|_shape[0-4]$)")
