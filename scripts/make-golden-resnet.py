#!/usr/bin/env python3
"""Features of torchvision's ResNets on formula weights, for test/golden/resnet.json.

    scripts/make-golden-resnet.py OUTPUT.json

Needs torch and torchvision (made with 1.13 and 0.14). Weight number n of the sorted names has stream 100 + n.
"""
import json
import math
import sys

import numpy as np
import torch
import torchvision

from golden_formula import formula, formula_picture, sample

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CASES = [("resnet18", 96, 128), ("resnet50", 64, 64), ("wide_resnet50_2", 64, 64)]
SEED = 5


def formula_weights(state):
    """He-scaled convolutions; batch-norm near 1 and 0."""
    names = sorted(name for name in state if name.startswith(("conv1.", "bn1.", "layer1.", "layer2.", "layer3."))
                   and not name.endswith("num_batches_tracked"))
    for n, name in enumerate(names):
        shape = tuple(state[name].shape)
        values = formula(math.prod(shape), SEED, 100 + n).reshape(shape).astype(np.float64)
        if len(shape) == 4:
            values = values * math.sqrt(3 / math.prod(shape[1:]))
        elif name.endswith((".running_mean", ".bias")):
            values = 0.1 * values
        else:
            values = 1 + 0.5 * values
        state[name] = torch.from_numpy(values.astype(np.float32))
    return names, state


def main(output):
    cases = []
    for name, height, width in CASES:
        model = getattr(torchvision.models, name)(weights=None).eval()
        names, state = formula_weights(model.state_dict())
        model.load_state_dict(state)
        x = torch.from_numpy(formula_picture(height, width, SEED).astype(np.float32) / 255).permute(2, 0, 1)
        x = ((x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None])[None]
        levels = []
        with torch.no_grad():
            x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
            for layer in (model.layer1, model.layer2, model.layer3):
                x = layer(x)
                levels.append(x[0].numpy())
        trunk = [model.conv1, model.bn1, model.layer1, model.layer2, model.layer3]
        cases.append({"backbone": name, "height": height, "width": width, "seed": SEED, "weights": len(names),
                      "parameters": sum(p.numel() for part in trunk for p in part.parameters()),
                      "levels": [sample(level, 200) for level in levels]})
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"made_by": "scripts/make-golden-resnet.py", "cases": cases}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
