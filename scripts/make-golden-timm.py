#!/usr/bin/env python3
"""Features of timm's models on formula weights, for test/golden/timm.json.

    scripts/make-golden-timm.py OUTPUT.json [FOLDER]

Needs torch and timm (made with 1.13 and 0.9.16). With a folder, each model's state dict is also saved there by safetensors.
"""
import json
import os
import sys

import numpy as np
import timm
import torch

from golden_formula import formula_picture, formula_state, sample

MODELS = ["tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2", "efficientnet_lite0",
          "resnet18", "resnet50", "wide_resnet50_2"]
HEIGHT, WIDTH, SEED = 72, 90, 17  # odd sizes below stride 4: "same" and symmetric padding differ


def trunk_of(name):
    if "lite" in name:
        return ["conv_stem.", "bn1."] + [f"blocks.{stage}." for stage in range(5)]
    return ["conv1.", "bn1.", "layer1.", "layer2.", "layer3."]


def main(output, folder=None):
    cases = []
    for name in MODELS:
        model = timm.create_model(name, pretrained=False, features_only=False).eval()
        state = formula_state(model.state_dict(), trunk_of(name), SEED)
        model.load_state_dict(state)
        if folder:
            from safetensors.torch import save_file
            save_file(state, os.path.join(folder, f"{name}.safetensors"))
        config = model.default_cfg
        extractor = timm.create_model(name, pretrained=False, features_only=True).eval()
        extractor.load_state_dict(state, strict=False)
        x = torch.from_numpy(formula_picture(HEIGHT, WIDTH, SEED).astype(np.float32) / 255).permute(2, 0, 1)
        x = ((x - torch.tensor(config["mean"])[:, None, None]) / torch.tensor(config["std"])[:, None, None])[None]
        with torch.no_grad():
            levels = [level[0].numpy() for level, stride in zip(extractor(x), extractor.feature_info.reduction())
                      if stride in (4, 8, 16)]
        names = [key for key in state if key.startswith(tuple(trunk_of(name))) and not key.endswith("num_batches_tracked")]
        parameters = sum(p.numel() for key, p in model.named_parameters() if key.startswith(tuple(trunk_of(name))))
        cases.append({"backbone": name, "height": HEIGHT, "width": WIDTH, "seed": SEED, "weights": len(names),
                      "parameters": parameters, "levels": [sample(level, 120) for level in levels]})
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"made_by": "scripts/make-golden-timm.py", "cases": cases}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
