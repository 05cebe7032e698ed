#!/usr/bin/env python3
"""Models of nn.h in PyTorch, by examples/load.py, and back. Needs PyTorch, not the package safetensors.

    read_safetensors.py check DIRECTORY   (from the repository's root) the files that `test_files write DIRECTORY` has left there:
                                          load_state_dict(strict=True), then the same outputs
    read_safetensors.py write             PyTorch's files beside this one, for tests/test_files.c

Each file has a model, its input "x" and its output "y".
"""
import json
import os
import struct
import sys

import torch
from torch import nn

sys.path.insert(0, "examples")
from load import load_file

DTYPES = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64}


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.ModuleDict({"1": nn.Linear(5, 4), "2": nn.Linear(4, 3)})

    def forward(self, x):
        return self.mlp["2"](torch.tanh(self.mlp["1"](x)))


class First(nn.Module):
    """One layer by its name in the file; the first of its results."""

    def __init__(self, name, layer):
        super().__init__()
        self.name = name
        self.add_module(name, layer)

    def forward(self, x):
        y = getattr(self, self.name)(x)
        return y[0] if isinstance(y, tuple) else y


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(4, 3)

    def forward(self, x):
        return self.embedding(torch.tensor([3, 1]))


class Highway(nn.Module):
    def __init__(self):
        super().__init__()
        self.transform, self.gate = nn.Linear(5, 5), nn.Linear(5, 5)

    def forward(self, x):
        t = torch.sigmoid(self.gate(x))
        return t * torch.relu(self.transform(x)) + (1 - t) * x


class Transformer(First):
    """A layer of chapter 15 on one sequence of two steps, which looks back; its memory is x, too."""

    def forward(self, x):
        layer, x = getattr(self, self.name), x.reshape(1, 2, 4)
        mask = torch.ones(2, 2, dtype=torch.bool).triu(1)
        if isinstance(layer, nn.MultiheadAttention):
            return layer(x, x, x, attn_mask=mask)[0][0]
        if isinstance(layer, (nn.TransformerDecoderLayer, nn.TransformerDecoder)):
            return layer(x, x, tgt_mask=mask, memory_mask=mask)[0]
        return layer(x, mask)[0]


POST = dict(d_model=4, nhead=2, dim_feedforward=6, batch_first=True)
PRE = dict(POST, activation="gelu", norm_first=True)


class Additive(nn.Module):
    """Bahdanau et al. 2015, one sequence that attends to itself."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(5, 3, bias=False), nn.Linear(5, 3, bias=False)
        self.score = nn.Linear(3, 1, bias=False)

    def forward(self, x):
        hidden = torch.tanh(self.query(x)[:, None] + self.key(x)[None])
        return torch.softmax(self.score(hidden)[:, :, 0], 1) @ x


class Graph(nn.Module):
    """Velickovic et al. 2018, two heads of 3 numbers; of two nodes the second sees itself alone."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(5, 6, bias=False)
        self.att_src, self.att_dst = nn.Parameter(torch.rand(2, 3)), nn.Parameter(torch.rand(2, 3))
        self.bias = nn.Parameter(torch.rand(6))

    def forward(self, x):
        h = self.lin(x).reshape(2, 2, 3)  # node, head, number
        results = []
        for i, neighbours in enumerate([[0, 1], [1]]):
            e = torch.stack([(self.att_src * h[j]).sum(1) + (self.att_dst * h[i]).sum(1) for j in neighbours])
            p = torch.softmax(nn.functional.leaky_relu(e, 0.2), 0)
            results.append(sum(p[k, :, None] * h[j] for k, j in enumerate(neighbours)).reshape(6))
        return torch.stack(results) + self.bias


LAYERS = {  # by nn.h's function; a layer that is missing here fails the check
    "nn_linear_new": nn.Sequential(),
    "nn_batch_norm_new": nn.Sequential(),
    "nn_mlp_new": Mlp(),
    "nn_rnn_new": First("rnn", nn.RNN(5, 3, num_layers=2, bidirectional=True)),
    "nn_lstm_new": First("lstm", nn.LSTM(5, 3)),  # two steps of one sequence
    "nn_gru_new": First("gru", nn.GRU(5, 3)),
    "nn_rnn_cell_new": First("cell", nn.RNNCell(5, 3)),
    "nn_lstm_cell_new": First("cell", nn.LSTMCell(5, 3)),  # one step of two sequences
    "nn_gru_cell_new": First("cell", nn.GRUCell(5, 3)),
    "nn_embedding_new": Embedding(),
    "nn_highway_new": First("highway", Highway()),
    "nn_conv2d_new": nn.Sequential(),
    "nn_conv1d_new": nn.Sequential(),
    "nn_conv_transpose2d_new": nn.Sequential(),
    "nn_layer_norm_new": First("norm", nn.LayerNorm(5)),
    "nn_multihead_attention_new": Transformer("attn", nn.MultiheadAttention(4, 2, batch_first=True)),
    "nn_encoder_layer_new": Transformer("layer", nn.TransformerEncoderLayer(**POST)),
    "nn_decoder_layer_new": Transformer("layer", nn.TransformerDecoderLayer(**POST)),
    "nn_encoder_new": Transformer(
        "stack", nn.TransformerEncoder(nn.TransformerEncoderLayer(**PRE), 2, nn.LayerNorm(4))),
    "nn_decoder_new": Transformer(
        "stack", nn.TransformerDecoder(nn.TransformerDecoderLayer(**PRE), 1, nn.LayerNorm(4))),
    "nn_additive_attention_new": First("additive", Additive()),
    "nn_graph_attention_new": First("graph", Graph()),
}
INPUTS = {name: (2, 4) for name, layer in LAYERS.items() if isinstance(layer, Transformer)}
INPUTS |= {"nn_conv2d_new": (2, 2, 4, 5), "nn_conv1d_new": (2, 2, 5), "nn_conv_transpose2d_new": (2, 2, 2, 3)}
LAYERS["nn_linear_new"].add_module("fc", nn.Linear(5, 3))
LAYERS["nn_batch_norm_new"].add_module("bn", nn.BatchNorm1d(5))
LAYERS["nn_conv2d_new"].add_module("conv", nn.Conv2d(2, 3, 3, stride=2, padding=1))
LAYERS["nn_conv1d_new"].add_module("conv", nn.Conv1d(2, 3, 3, padding=1))
LAYERS["nn_conv_transpose2d_new"].add_module("conv", nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1))


def load(path):
    with open(path, "rb") as f:
        length, = struct.unpack("<Q", f.read(8))
        header, size = json.loads(f.read(length).decode()), len(f.read())
    assert length % 8 == 0 and header.pop("__metadata__")["format"] == "pt"
    ends = [0] + [t["data_offsets"][1] for t in header.values()]
    assert [t["data_offsets"][0] for t in header.values()] == ends[:-1] and ends[-1] == size
    return load_file(path)


def save(tensors, path):
    """As safetensors.torch.save_file: long types first, then by name."""
    names = {v: k for k, v in DTYPES.items()}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors, key=lambda n: (-tensors[n].element_size(), n)):
        raw = tensors[name].detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": names[tensors[name].dtype], "shape": list(tensors[name].shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def check(directory):
    found = sorted(n[:-12] for n in os.listdir(directory) if n.endswith(".safetensors"))
    assert found == sorted(LAYERS), found
    for name, model in LAYERS.items():
        tensors = load(os.path.join(directory, name + ".safetensors"))
        x, y = tensors.pop("x"), tensors.pop("y")
        model.load_state_dict(tensors, strict=True)
        distance = float((model.eval()(x) - y).abs().max())
        print(name, list(tensors), distance)
        assert distance <= 4e-6 * max(1, float(y.abs().max()))


def write():
    torch.manual_seed(7)
    for name, model in LAYERS.items():
        for values in model.state_dict().values():  # also what begins with 0 or 1
            if values.dtype == torch.float32:
                values.copy_(torch.rand(values.shape) + 0.25)
            else:
                values.fill_(3)  # num_batches_tracked
        x = torch.rand(INPUTS.get(name, (2, 5))) - 0.5
        save(dict(model.state_dict(), x=x, y=model.eval()(x)),
             os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".safetensors"))


if sys.argv[1:] == ["write"]:
    write()
elif len(sys.argv) == 3 and sys.argv[1] == "check":
    check(sys.argv[2])
else:
    sys.exit(__doc__)
