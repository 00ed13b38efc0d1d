#!/usr/bin/env python3
"""Anomaly maps of RD and AAND by PyTorch, for test/golden/published.json.

    scripts/make-golden-published.py OUTPUT.json            narrow networks on formula features and weights
    scripts/make-golden-published.py --checkpoints FOLDER SIZE [NAME...]
                                                            full-size .pth files as the published code saves them, a picture
                                                            folder and expected.json, to try `assayd models import-torch` on

Needs torch and scipy (made with 1.13 and 1.17). A restatement of the layers of Deng & Li, CVPR 2022 (OCBE and decoder) and of
AAND, arXiv 2405.02068 (RAA), with the module names that the published checkpoints have (RD4AD, AAND on GitHub).
"""
import json
import math
import os
import sys

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import nn
from torch.nn import functional as F

from golden_formula import formula, formula_picture, formula_state, sample

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
SEED = 23


def conv(inputs, outputs, kernel, resize="none"):
    if resize == "up":
        return nn.ConvTranspose2d(inputs, outputs, 2, stride=2, bias=False)
    return nn.Conv2d(inputs, outputs, kernel, stride=2 if resize == "down" else 1, padding=kernel // 2, bias=False)


class Block(nn.Module):
    """Residual block; `widening` 0 is the basic one, else a bottleneck with planes * widening inner channels."""

    def __init__(self, inputs, planes, widening, resize="none"):
        super().__init__()
        out = planes if widening == 0 else 4 * planes
        inner = planes * max(widening, 1)
        plan = [(inputs, inner, 3, resize), (inner, out, 3, "none")]
        if widening:
            plan = [(inputs, inner, 1, "none"), (inner, inner, 3, resize), (inner, out, 1, "none")]
        self.depth = len(plan)
        for at, arguments in enumerate(plan, 1):
            setattr(self, f"conv{at}", conv(*arguments))
            setattr(self, f"bn{at}", nn.BatchNorm2d(arguments[1]))
        self.skip = None
        if resize != "none" or inputs != out:
            self.skip = "upsample" if resize == "up" else "downsample"
            setattr(self, self.skip, nn.Sequential(conv(inputs, out, 1, resize), nn.BatchNorm2d(out)))

    def forward(self, x):
        y = x
        for at in range(1, self.depth + 1):
            y = getattr(self, f"bn{at}")(getattr(self, f"conv{at}")(y))
            y = F.relu(y) if at < self.depth else y
        return F.relu(y + (getattr(self, self.skip)(x) if self.skip else x))


def stage(inputs, planes, widening, count, resize):
    out = planes if widening == 0 else 4 * planes
    return nn.Sequential(Block(inputs, planes, widening, resize), *[Block(out, planes, widening) for _ in range(count - 1)])


class Ocbe(nn.Module):
    def __init__(self, planes, widening, blocks):
        super().__init__()
        c = planes if widening == 0 else 4 * planes
        self.bn_layer = stage(12 * c, 8 * planes, widening, blocks, "down")
        for at, (i, o) in enumerate([(c, 2 * c), (2 * c, 4 * c), (2 * c, 4 * c)], 1):
            setattr(self, f"conv{at}", conv(i, o, 3, "down"))
            setattr(self, f"bn{at}", nn.BatchNorm2d(o))
        self.conv4, self.bn4 = conv(16 * c, 8 * c, 1), nn.BatchNorm2d(8 * c)  # declared, never used

    def forward(self, features):
        fine = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(features[0]))))))
        middle = F.relu(self.bn3(self.conv3(features[1])))
        return self.bn_layer(torch.cat([fine, middle, features[2]], 1))


class Decoder(nn.Module):
    def __init__(self, planes, widening, counts):
        super().__init__()
        e = 1 if widening == 0 else 4
        self.layer1 = stage(8 * planes * e, 4 * planes, widening, counts[0], "up")
        self.layer2 = stage(4 * planes * e, 2 * planes, widening, counts[1], "up")
        self.layer3 = stage(2 * planes * e, planes, widening, counts[2], "up")

    def forward(self, x):
        coarse = self.layer1(x)
        middle = self.layer2(coarse)
        return [self.layer3(middle), middle, coarse]


def positions(channels, size):
    """First half of the channels x, second half y, (sin, cos) pairs of falling frequency (CFlow's encoding)."""
    half = channels // 2
    rates = 10000.0 ** (-np.arange(0, half, 2) / half)
    waves = np.zeros((half, size))
    angles = rates[:, None] * np.arange(size)[None]
    waves[0::2], waves[1::2] = np.sin(angles), np.cos(angles)
    x = np.broadcast_to(waves[:, None, :], (half, size, size))
    y = np.broadcast_to(waves[:, :, None], (half, size, size))
    return torch.from_numpy(np.concatenate([x, y]).astype(np.float32))[None]


def perceptron(channels):
    hidden = min(2 * channels, 1024)
    return nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, hidden, 1), nn.ReLU(),
                         nn.Conv2d(hidden, channels, 1))


class Raa(nn.Module):
    def __init__(self, channels, items):
        super().__init__()
        self.items = items
        self.projs, self.projs2 = nn.ModuleList([perceptron(channels)]), nn.ModuleList([perceptron(channels)])
        self.K_list = nn.ParameterList([nn.Parameter(torch.randn(1, 2 * items, channels))])

    def forward(self, f):
        query = F.normalize(self.projs[0](f + positions(f.shape[1], f.shape[2])), dim=1)
        keys = F.normalize(self.K_list[0][0], dim=1)
        weights = torch.softmax(torch.einsum("bchw,kc->bkhw", query, keys) / 0.2, dim=1)
        gate = weights[:, self.items:].sum(1, keepdim=True)
        return f + gate * torch.tanh(self.projs2[0](f)) * f


class Teacher(nn.Module):
    """torchvision's ResNet with its names; with `items` also AAND's amplifiers (the state dict `encoder_AT`)."""

    def __init__(self, widening, counts, items=0):
        super().__init__()
        e = 1 if widening == 0 else 4
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for at, count in enumerate(counts, 1):
            planes = 64 * 2 ** (at - 1)
            setattr(self, f"layer{at}", stage(inputs, planes, widening, count, "none" if at == 1 else "down"))
            inputs = planes * e
        self.fc = nn.Linear(inputs, 10)
        for letter, factor in zip("abc", (1, 2, 4) if items else ()):
            setattr(self, f"feat_recons_{letter}", Raa(64 * e * factor, items))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        features = []
        for at in (1, 2, 3):
            x = getattr(self, f"layer{at}")(x)
            features.append(x)
        return features

    def amplified(self, x):
        return [getattr(self, f"feat_recons_{letter}")(f) for letter, f in zip("abc", self(x))]


def anomaly_map(targets, predictions, size):
    total = np.zeros((size, size), np.float32)
    for target, prediction in zip(targets, predictions):
        distance = 1 - F.cosine_similarity(target, prediction)
        total += F.interpolate(distance[:, None], size=size, mode="bilinear", align_corners=True)[0, 0].numpy()
    return gaussian_filter(total, sigma=4)


def load_formula(module, seed, *prefixes):
    """Formula weights by sorted name, without the dead layers. @returns the names and shapes"""
    state = {name: tensor for name, tensor in module.state_dict().items() if not name.startswith(("bn.conv4", "bn.bn4"))
             and not name.endswith("num_batches_tracked") and name.startswith(prefixes or "")}
    module.load_state_dict(formula_state(state, [""], seed), strict=False)
    return sorted([name, list(tensor.shape)] for name, tensor in state.items())


class Student(nn.Module):
    def __init__(self, planes, widening, blocks, counts):
        super().__init__()
        self.bn, self.decoder = Ocbe(planes, widening, blocks), Decoder(planes, widening, counts)

    def forward(self, features):
        return self.decoder(self.bn(features))


NARROW = [("rd", 0, 2, [2, 2, 2]), ("rd", 1, 3, [3, 4, 6]), ("rd", 2, 3, [3, 4, 6]), ("aand", 2, 3, [3, 4, 6])]


def narrow(output):
    planes, size, items, cases = 8, 64, 6, []
    for kind, widening, blocks, counts in NARROW:
        student = Student(planes, widening, blocks, counts).eval()
        names = load_formula(student, SEED)
        channels = planes if widening == 0 else 4 * planes
        features = []
        for at in range(3):
            shape = (channels * 2 ** at, size // 4 // 2 ** at, size // 4 // 2 ** at)
            features.append(torch.from_numpy(np.abs(formula(math.prod(shape), SEED, 1 + at)).reshape((1, *shape))))
        case = {"kind": kind, "planes": planes, "widening": widening, "squeeze": blocks, "stages": counts, "size": size,
                "seed": SEED, "student": names}
        with torch.no_grad():
            if kind == "aand":
                amplifiers = nn.ModuleDict({f"feat_recons_{letter}": Raa(channels * 2 ** at, items) for at, letter in enumerate("abc")})
                case["amplifier"] = load_formula(amplifiers, SEED + 1)
                features = [amplifier(f) for amplifier, f in zip(amplifiers.values(), features)]
            score_map = anomaly_map(features, student(features), size)
        case["map"], case["score"] = sample(score_map, 200), float(score_map.max())
        cases.append(case)
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"made_by": "scripts/make-golden-published.py", "cases": cases, "whole": whole(size, items)}, file)


def whole(size, items):
    """Scores of pictures by whole models: teacher and student in ResNet-18's form, weights by three seeds."""
    teacher, student = Teacher(0, [2, 2, 2, 2], items).eval(), Student(64, 0, 2, [2, 2, 2]).eval()
    load_formula(teacher, SEED + 2, "conv1.", "bn1.", "layer1.", "layer2.", "layer3.")
    amplifier = load_formula(teacher, SEED + 1, "feat_recons_")
    load_formula(student, SEED)
    scores = {"rd": [], "aand": []}
    with torch.no_grad():
        for seed in range(2):
            x = torch.from_numpy(formula_picture(size, size, 100 + seed).astype(np.float32) / 255).permute(2, 0, 1)
            x = ((x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[None]
            for kind, features in [("rd", teacher(x)), ("aand", teacher.amplified(x))]:
                scores[kind].append(float(anomaly_map(features, student(features), size).max()))
    return {"size": size, "seed": SEED, "first_picture_seed": 100, "amplifier": amplifier, "scores": scores}


FULL = [("rd-resnet18", 0, 2, [2, 2, 2], [2, 2, 2, 2], 0), ("rd-resnet50", 1, 3, [3, 4, 6], [3, 4, 6, 3], 0),
        ("rd-wide_resnet50_2", 2, 3, [3, 4, 6], [3, 4, 6, 3], 0), ("aand-wide_resnet50_2", 2, 3, [3, 4, 6], [3, 4, 6, 3], 50)]


def settle(module, batches):
    """As after training: batch-norm statistics are averages over pictures, and a residual branch is small beside its skip
    (random full-size branches would blow rounding errors up a thousandfold)."""
    for part in module.modules():
        if isinstance(part, Block):
            nn.init.constant_(getattr(part, f"bn{part.depth}").weight, 0.2)
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
    module.train()
    with torch.no_grad():
        for x in batches:
            module(x)
    return module.eval()


def checkpoints(folder, side, *wanted):
    size = int(side)
    from PIL import Image
    os.makedirs(os.path.join(folder, "normals"), exist_ok=True)
    names = [f"part{seed}.png" for seed in range(24)]
    pictures = [formula_picture(size, size, 100 + seed) // (1 + seed % 4) for seed in range(len(names))]
    for name, picture in zip(names, pictures):
        Image.fromarray(picture).save(os.path.join(folder, "normals", name))
    batch = torch.from_numpy(np.stack(pictures).astype(np.float32) / 255).permute(0, 3, 1, 2)
    batch = (batch - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    file = os.path.join(folder, "expected.json")
    for name, widening, blocks, decoder, encoder, items in FULL:
        if wanted and name not in wanted:
            continue
        torch.manual_seed(SEED)
        teacher = settle(Teacher(widening, encoder, items), [batch[:2], batch[2:4]])
        student = Student(64, widening, blocks, decoder)
        look = teacher.amplified if items else teacher
        with torch.no_grad():
            settle(student, [look(batch[:2]), look(batch[2:4])])
            scores = [float(anomaly_map(look(x[None]), student(look(x[None])), size).max()) for x in batch[:4]]
        save = lambda what, suffix="": torch.save(what, os.path.join(folder, f"{name}{suffix}.pth"))
        if items:
            save({"encoder_AT": teacher.state_dict()}, "-stage1")
            save({"bn": student.bn.state_dict(), "decoder_ss": student.decoder.state_dict()}, "-stage2")
        else:
            save(teacher.state_dict(), "-teacher")
            save({"bn": student.bn.state_dict(), "decoder": student.decoder.state_dict()})
        expected = json.load(open(file, encoding="utf-8")) if os.path.exists(file) else {}
        with open(file, "w", encoding="utf-8") as out:
            json.dump({**expected, name: dict(zip(names, scores))}, out, indent=1)


if __name__ == "__main__":
    if sys.argv[1] == "--checkpoints":
        checkpoints(*sys.argv[2:])
    else:
        narrow(sys.argv[1])
