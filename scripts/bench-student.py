"""Times one training step of the network of bench-student.ts in PyTorch (any version; Debian's python3-torch will do).

The last line of stdout is a JSON object. Usage: python3 scripts/bench-student.py [--steps N] [--threads N]
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH = 16


def pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


def separable(inputs: int, outputs: int) -> nn.Sequential:
    depthwise = nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False)
    return nn.Sequential(depthwise, nn.BatchNorm2d(inputs), *pointwise(inputs, outputs))


class Student(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter = pointwise(152, 96)
        self.down = nn.Sequential(nn.AvgPool2d(2), separable(96, 96), separable(96, 64))
        self.middle = nn.Sequential(nn.Upsample(scale_factor=2), separable(64, 96), separable(96, 96))
        self.high = nn.Sequential(nn.Upsample(scale_factor=2), separable(96, 48), separable(48, 48))
        self.out2 = nn.Conv2d(48, 40, 1)
        self.out3 = nn.Conv2d(96, 112, 1)

    def forward(self, fine: torch.Tensor, coarse: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        joined = self.enter(torch.cat([F.avg_pool2d(fine, 2), coarse], 1))
        middle = self.middle(self.down(joined))
        return self.out2(self.high(middle)), self.out3(middle)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    student = Student().train()
    adam = torch.optim.Adam(student.parameters(), lr=5e-3, betas=(0.5, 0.999))
    inputs = [torch.randn(BATCH, 40, 32, 32), torch.randn(BATCH, 112, 16, 16)]
    times = []
    for _ in range(arguments.steps):
        started = time.perf_counter()
        loss = sum(F.mse_loss(output, target) for output, target in zip(student(*inputs), inputs))
        adam.zero_grad()
        loss.backward()
        adam.step()
        loss.item()
        times.append((time.perf_counter() - started) * 1000)
    parameters = sum(parameter.numel() for parameter in student.parameters())
    step_ms = statistics.median(times[arguments.steps // 5 :])
    print(json.dumps({"stepMs": step_ms, "parameters": parameters, "torch": torch.__version__}))


if __name__ == "__main__":
    main()
