#!/usr/bin/env python3
"""The parts of ADPS (arXiv 2210.10495) in plain PyTorch, for test/golden/adps.json.

    scripts/make-golden-adps.py OUTPUT.json

Needs torch (made with 1.13). Written from the paper's equations: the authors published no code. Weights and inputs are
formulas; the file names each with its shape, stream, scale and offset.
"""
import json
import sys

import torch
import torch.nn.functional as F

from golden_formula import formula, sample

SEED = 41
LEVELS = [(16, 16), (24, 8), (64, 4)]  # channels, height and width; the picture is 64 × 64
WIDTHS = [16, 8, 8]  # of the decoder: a quarter of the coarsest level's channels, then halved, in multiples of 8
PATCHES = 4
weights = []


def value(name, shape, scale=1.0, offset=0.0):
    stream = len(weights)
    weights.append({"name": name, "shape": list(shape), "stream": stream, "scale": scale, "offset": offset})
    count = 1
    for size in shape:
        count *= size
    return torch.from_numpy(formula(count, SEED, stream).reshape(shape)) * scale + offset


def batch_norm(x, name):
    c = x.shape[1]
    scale, shift = value(f"{name}.weight", [c], 0.3, 1.0), value(f"{name}.bias", [c], 0.3)
    mean, variance = value(f"{name}.running_mean", [c], 0.3), value(f"{name}.running_var", [c], 0.4, 1.0)
    return F.batch_norm(x, mean, variance, scale, shift, training=False)


def post_segmentation(masked):
    """U-Net decoder: TrConv 2×, concatenation, twice conv3×3-BN-ReLU; then a convolution to two channels."""
    x = masked[-1]
    skips = [masked[1], masked[0], None]
    for step, (width, skip) in enumerate(zip(WIDTHS, skips), start=1):
        name = f"segment.up{step}"
        x = F.conv_transpose2d(x, value(f"{name}.conv.weight", [x.shape[1], width, 2, 2], 0.3), stride=2)
        x = x if skip is None else torch.cat([x, skip], dim=1)
        for part in range(2):
            kernel = value(f"{name}.{part}.conv.weight", [width, x.shape[1], 3, 3], 0.2)
            x = F.relu(batch_norm(F.conv2d(x, kernel, padding=1), f"{name}.{part}.bn"))
    kernel, bias = value("segment.logit.weight", [1, x.shape[1], 3, 3], 0.3), value("segment.logit.bias", [1])
    # two channels whose difference is the one logit: half of it each way
    return F.conv2d(x, torch.cat([-kernel / 2, kernel / 2]), torch.cat([-bias / 2, bias / 2]), padding=1)


def per_crop(picture):
    """One strided convolution on each crop by itself."""
    kernel, bias = value("crop.weight", [4, 3, 3, 3], 0.5), value("crop.bias", [4])
    side = picture.shape[-1] // PATCHES
    rows = []
    for top in range(0, picture.shape[-2], side):
        crops = [picture[..., top:top + side, left:left + side] for left in range(0, picture.shape[-1], side)]
        rows.append(torch.cat([F.conv2d(crop, kernel, bias, stride=2, padding=1) for crop in crops], dim=-1))
    return torch.cat(rows, dim=-2)


def focal(two_channels, mask, alpha=0.8, gamma=2):
    """On the softmax of two channels, mean over pixels."""
    p = torch.softmax(two_channels, dim=1)[:, 1:]
    missed = -alpha * (1 - p) ** gamma * mask * torch.log(p)
    invented = -(1 - alpha) * p ** gamma * (1 - mask) * torch.log(1 - p)
    return (missed + invented).mean()


def main(output):
    teachers = [value(f"teacher{i}", [1, c, size, size]) for i, (c, size) in enumerate(LEVELS)]
    # half of what the teacher says, half of something else: cosines of all sizes
    students = [t * 0.5 + value(f"student{i}", t.shape) for i, t in enumerate(teachers)]
    picture = value("picture", [1, 3, 64, 64])
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 8:30, 17:50] = 1
    labels = [(F.adaptive_avg_pool2d(mask, size) > 0.3).float() for _, size in LEVELS]

    agreement = [F.cosine_similarity(t, s, dim=1)[:, None] for t, s in zip(teachers, students)]
    masked = [(1 - w) * t for w, t in zip(agreement, teachers)]
    distillation = sum(((1 - y) * (1 - w) + y * w).mean() for w, y in zip(agreement, labels))
    two_channels = post_segmentation(masked)
    small_mask = mask[..., ::2, ::2]
    golden = {
        "made_by": "scripts/make-golden-adps.py", "seed": SEED, "patches": PATCHES, "levels": LEVELS,
        "cosine": [sample(w[0].numpy(), 12) for w in agreement],
        "masked": [sample(c[0].numpy(), 12) for c in masked],
        "distillation": float(distillation),
        "logit": sample((two_channels[:, 1] - two_channels[:, 0]).numpy(), 60),
        "focal": float(focal(two_channels, small_mask)),
        "crops": sample(per_crop(picture)[0].numpy(), 60),
    }
    golden["weights"] = weights
    with open(output, "w", encoding="utf-8") as file:
        json.dump(golden, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
