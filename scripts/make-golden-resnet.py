#!/usr/bin/env python3
"""Features of torchvision's ResNets on formula weights, for test/golden/resnet.json.

    scripts/make-golden-resnet.py OUTPUT.json

Needs torch and torchvision (made with 1.13 and 0.14).
"""
import json
import sys

import numpy as np
import torch
import torchvision

from golden_formula import formula_picture, formula_state, sample

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
CASES = [("resnet18", 96, 128), ("resnet50", 64, 64), ("wide_resnet50_2", 64, 64)]
SEED = 5
TRUNK = ("conv1.", "bn1.", "layer1.", "layer2.", "layer3.")


def main(output):
    cases = []
    for name, height, width in CASES:
        model = getattr(torchvision.models, name)(weights=None).eval()
        model.load_state_dict(formula_state(model.state_dict(), TRUNK, SEED))
        names = [name for name in model.state_dict() if name.startswith(TRUNK) and not name.endswith("num_batches_tracked")]
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
