"""lldb shows nn.h's values: lldb -o 'command script import book/tools/nn_lldb.py' ./a.out; then
`frame variable x`, `nn`. `frame variable -R x` shows a struct as it is. `step` goes straight into
an operation.
"""
import array
import os
import sys

import lldb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
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
        return self.v.GetValueAsUnsigned()

    def __float__(self):
        return float(self.v.GetValue())

def numbers(pointer, n):
    size = pointer.v.GetType().GetPointeeType().GetByteSize()
    memory = pointer.v.GetProcess().ReadMemory(int(pointer), n * size, lldb.SBError())
    return array.array("f" if size == 4 else "d", memory)  # raises of None: not readable

def text(value):
    address = value.v.GetLoadAddress() if value.v.GetType().IsArrayType() else int(value)
    return value.v.GetProcess().ReadCStringFromMemory(address, 512, lldb.SBError()) or ""

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
    for line in (
            "type summary add -F nn_lldb.summary " + " ".join(nn_show.SHOW),
            "command script add -f nn_lldb.command nn",
            "settings set target.process.thread.step-avoid-regexp ^nn(__at|_shape[0-4]$)",
            "settings set frame-format 'frame #${frame.index}: ${function.name-without-args}"
            " at ${line.file.basename}:${line.number}\\n'"):  # with arguments: whole tensors
        debugger.HandleCommand(line)
