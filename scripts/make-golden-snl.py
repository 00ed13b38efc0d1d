#!/usr/bin/env python3
"""The parts of SNL (arXiv 2402.17091) in plain PyTorch, for test/golden/snl.json.

    scripts/make-golden-snl.py OUTPUT.json

Needs torch (made with 1.13). The method is our reconstruction from the abstract (no text, no code is public), so this
checks our trainer against an independent writing of the same definitions, not against the authors. Inputs and weights are
formulas: streams 0, 1 teacher and student of the first level, 2, 3 of the second, 10 to 15 the central residual.
"""
import json
import sys

import torch
import torch.nn.functional as F

from golden_formula import formula, sample

SEED = 43
BATCH = 4
LEVELS = [(12, 32), (16, 8)]  # channels, height and width
BOTTLENECK, SIDE, CENTERS = 64, 6, 16


def value(stream, shape, scale=1.0):
    count = 1
    for size in shape:
        count *= size
    return torch.from_numpy(formula(count, SEED, stream).reshape(shape)).double() * scale


def features():
    teachers = [value(2 * at, [BATCH, c, side, side]) for at, (c, side) in enumerate(LEVELS)]
    others = [value(2 * at + 1, [BATCH, c, side, side]) for at, (c, side) in enumerate(LEVELS)]
    return teachers, [0.6 * t + 0.4 * o for t, o in zip(teachers, others)]


def spatial(t, s):
    """Kullback-Leibler divergence of each channel's softmax over places, mean over images and channels."""
    target, log_student = t.flatten(2).softmax(-1), s.flatten(2).log_softmax(-1)
    return F.kl_div(log_student, target, reduction="none").sum(-1).mean()


def channel(t, s):
    return (1 - F.cosine_similarity(t, s, dim=1)).mean()


def place_affinity(x):
    if x.shape[-1] > 16:
        x = F.avg_pool2d(x, x.shape[-1] // 16)
    places = F.normalize(x.flatten(2), dim=1)
    return torch.einsum("bcn,bcm->bnm", places, places)


def image_affinity(x):
    images = F.normalize(x.mean((2, 3)), dim=1)
    return images @ images.T


def over_levels(loss, teachers, students):
    return float(sum(loss(t, s) for t, s in zip(teachers, students)))


def central_residual():
    x = value(10, [1, BOTTLENECK, SIDE, SIDE])
    centers, bias = value(11, [CENTERS, BOTTLENECK], 0.5), value(12, [CENTERS], 0.5)
    filters = BOTTLENECK // 8
    squeeze, squeeze_bias = value(13, [filters, BOTTLENECK], 0.3), value(14, [filters], 0.3)
    grow, grow_bias = value(15, [BOTTLENECK, filters], 0.3), value(16, [BOTTLENECK], 0.3)
    rows = x[0].flatten(1).T  # [h·w, C]
    shares = ((rows @ centers.T + bias) / BOTTLENECK**0.5).softmax(-1)
    mix = shares @ centers
    kept = F.relu((rows - mix) @ squeeze.T + squeeze_bias) @ grow.T + grow_bias
    return (mix + kept).T.reshape(BOTTLENECK, SIDE, SIDE)


def main(output):
    teachers, students = features()
    parts = {
        "spatial": over_levels(spatial, teachers, students),
        "channel": over_levels(channel, teachers, students),
        "intra": over_levels(lambda t, s: F.mse_loss(place_affinity(t), place_affinity(s)), teachers, students),
        "inter": over_levels(lambda t, s: F.mse_loss(image_affinity(t), image_affinity(s)), teachers, students),
    }
    parts["structure"] = parts["spatial"] + parts["channel"] + 0.5 * (parts["intra"] + parts["inter"])
    golden = {
        "seed": SEED,
        "batch": BATCH,
        "levels": LEVELS,
        "losses": parts,
        "central_residual": {
            "channels": BOTTLENECK,
            "side": SIDE,
            "centers": CENTERS,
            **sample(central_residual().numpy()),
        },
    }
    with open(output, "w") as file:
        json.dump(golden, file, indent=1)
        file.write("\n")


main(sys.argv[1])
