"""What nn_save wrote, in PyTorch, without the package safetensors:

    from load import load_file
    model.load_state_dict(load_file("model.safetensors"))
"""
import json
import struct

import torch

DTYPES = {"F32": torch.float32, "F64": torch.float64}


def load_file(path):
    """Tensors by name. The file: how long the header is, the header, all numbers in a row."""
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header, numbers = json.loads(f.read(length)), f.read()
    tensors = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            part = torch.frombuffer(bytearray(numbers[begin:end]), dtype=DTYPES[t["dtype"]])
            tensors[name] = part.reshape(t["shape"])
    return tensors
