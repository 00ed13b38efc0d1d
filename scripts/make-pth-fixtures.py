#!/usr/bin/env python3
"""Small files by the real torch.save, for test/backbones/weights/fixtures: scripts/make-pth-fixtures.py FOLDER (torch 1.13)."""
import collections
import os
import sys

import torch


def tensors():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4) / 8 - 1
    return collections.OrderedDict([
        ("a.weight", base),
        ("a.half", base.half()),
        ("a.bfloat16", base.bfloat16()),
        ("a.double", base.double()),
        ("a.transposed", base.transpose(0, 2)),
        ("a.view", base[1, :, 1:3]),
        ("a.expanded", torch.tensor([1.5]).expand(3, 2)),
        ("a.parameter", torch.nn.Parameter(base[0])),
        ("a.scalar", torch.tensor(0.5)),
        ("a.num_batches_tracked", torch.tensor(7)),
    ])


def main(folder):
    plain = tensors()
    files = {
        "plain": plain,
        "parallel": collections.OrderedDict((f"module.{name}", tensor) for name, tensor in plain.items()),
        "checkpoint": {"epoch": 3, "lr": 0.1, "best": None, "state_dict": plain},
        "module-state": torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2)).eval().state_dict(),
    }
    torch.manual_seed(0)
    torch.save(torch.nn.Linear(2, 2), os.path.join(folder, "whole-module.zip.pth"))
    for name, saved in files.items():
        torch.save(saved, os.path.join(folder, f"{name}.zip.pth"))
        torch.save(saved, os.path.join(folder, f"{name}.legacy.pth"), _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
