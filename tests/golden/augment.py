#!/usr/bin/env python3
"""Writes augment.h, the numbers that tests/test_ch08_augment.c compares nn.h with: bilinear
resampling by PyTorch's affine_grid and grid_sample, hues by Python's colorsys.

Run it with a Python that has PyTorch (made with 1.13):  python3 tests/golden/augment.py
"""
import colorsys
import os

import torch
import torch.nn.functional as F

torch.manual_seed(8)
C, H, W = 2, 5, 7
MATRICES = [  # where a pixel goes, from the middle, in pixels
    [0.8, -0.6, 0, 0.6, 0.8, 0],          # turned
    [2, 0, 0, 0, 2, 0],                   # zoomed
    [0.5, 0, 0.25, 0, 0.75, -1.5],        # smaller, shifted
    [1, -0.5, 0, 0, 1, 0],                # slanted
    [-1.25, 0.375, 1.5, 0.25, -0.875, 0.625],
]


def affine(x, m):
    """grid_sample wants where a place of the result comes from, in -1..1 for both axes."""
    full = torch.tensor([[m[0], m[1], m[2]], [m[3], m[4], m[5]], [0, 0, 1]], dtype=torch.float64)
    back = torch.linalg.inv(full)
    half = torch.tensor([W / 2, H / 2, 1], dtype=torch.float64)  # align_corners=False
    theta = (back * half[None, :] / half[:, None])[:2]
    grid = F.affine_grid(theta[None], (1, C, H, W), align_corners=False)
    return F.grid_sample(x[None], grid, "bilinear", "zeros", align_corners=False)[0]


def numbers(values):
    words = [f"{float(v):.7g}" for v in values]
    return "\n".join("    " + ", ".join(words[i:i + 10]) + "," for i in range(0, len(words), 10))


x = torch.round(torch.rand(C, H, W, dtype=torch.float64) * 100) / 100
out = ["/* written by augment.py: see there */", f"enum {{ GOLD_C = {C}, GOLD_H = {H}, GOLD_W = {W}, "
       f"GOLD_AFFINE = {len(MATRICES)}, GOLD_HUES = 40 }};",
       "static const double gold_image[] = {", numbers(x.flatten()), "};",
       "static const double gold_matrix[][6] = {"]
out += ["    {" + ", ".join(f"{v:g}" for v in m) + "}," for m in MATRICES]
out += ["};", "static const double gold_affine[] = {",
        numbers(torch.stack([affine(x, m) for m in MATRICES]).flatten()), "};",
        "static const double gold_hue[][7] = { /* r, g, b, part of a circle; r, g, b */"]
for i in range(40):
    rgb = (torch.round(torch.rand(3, dtype=torch.float64) * 50) / 50).tolist()
    turn = round(float(torch.rand(1)) * 2 - 1, 2)
    if i < 6:  # the primary colours and those between
        rgb = [float(i + 1 >> k & 1) for k in range(3)]
    h, s, v = colorsys.rgb_to_hsv(*rgb)
    row = rgb + [turn] + list(colorsys.hsv_to_rgb((h + turn) % 1, s, v))
    out.append("    {" + ", ".join(f"{v:.7g}" for v in row) + "},")
out.append("};")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "augment.h"), "w") as f:
    f.write("\n".join(out) + "\n")
