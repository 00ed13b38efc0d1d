#!/usr/bin/env python3
"""Features of EfficientNet-Lite0 by its own PyTorch implementation, for test/golden/efficientnet-lite0.json.

    PYTHONPATH=<unpacked wheel efficientnet-lite-pytorch 0.1.0> scripts/make-golden-lite0.py WEIGHTS.pth OUTPUT.json

Needs torch (made with 1.13). The picture is the formula of formula_picture(): bytes, so that no decoder is involved.
"""
import json
import sys

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

from golden_formula import formula_picture, sample

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TAPS = [2, 4, 10]  # last blocks at strides 4, 8 and 16
SIZES = [(256, 256), (192, 160)]  # height, width


def features(model, picture):
    x = torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)
    x = ((x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[None]
    levels = []
    x = model._swish(model._bn0(model._conv_stem(x)))
    for index, block in enumerate(model._blocks):
        x = block(x)
        if index in TAPS:
            levels.append(x[0].numpy())
    return levels


def main(weights, output):
    cases = []
    for height, width in SIZES:
        model = EfficientNet.from_name("efficientnet-lite0", image_size=[height, width]).eval()
        model.load_state_dict(torch.load(weights, map_location="cpu"))
        with torch.no_grad():
            levels = features(model, formula_picture(height, width, seed=11))
        trunk = [model._conv_stem, model._bn0, *model._blocks[:TAPS[-1] + 1]]
        names = [name for part in trunk for name in part.state_dict() if not name.endswith("num_batches_tracked")]
        parameters = sum(p.numel() for part in trunk for p in part.parameters())
        cases.append({"backbone": "efficientnet-lite0", "weights": len(names), "parameters": parameters, "height": height, "width": width, "seed": 11,
                      "levels": [sample(level) for level in levels]})
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"made_by": "scripts/make-golden-lite0.py", "cases": cases}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
