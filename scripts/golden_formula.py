"""Inputs and weights that are formulas, so that a golden test needs no data file."""
import math

import numpy as np


def formula(count, seed, stream):
    """float32 in -1..1: a hash of the index (test/backbones/formula.ts has the same)."""
    i = np.arange(count, dtype=np.uint64)
    h = (i * 2654435761 + (seed * 1000 + stream) * 40503) % 2**32
    h ^= h >> np.uint64(16)
    h = h * 2246822519 % 2**32
    h ^= h >> np.uint64(13)
    h = h * 3266489917 % 2**32
    h ^= h >> np.uint64(16)
    return (h.astype(np.float64) / 2**31 - 1).astype(np.float32)


def formula_picture(height, width, seed):
    """uint8 [height, width, 3]: blocks of 8×8 pixels of one colour plus noise, so that all levels see something."""
    coarse = formula(-(-height // 8) * -(-width // 8) * 3, seed, 1).reshape(-(-height // 8), -(-width // 8), 3)
    coarse = coarse.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    noise = formula(height * width * 3, seed, 2).reshape(height, width, 3)
    return np.floor(127.5 + 100 * coarse.astype(np.float64) + 25 * noise.astype(np.float64)).astype(np.uint8)


def sample(level, count=400):
    """Flat indices spread over the map [C, H, W], and its values there."""
    flat = level.reshape(-1)
    indices = [int(k) for k in np.linspace(0, flat.size - 1, count)]
    return {"shape": list(level.shape), "indices": indices, "values": [float(f"{flat[i]:.8g}") for i in indices],
            "mean": float(flat.mean(dtype=np.float64)), "std": float(flat.std(dtype=np.float64))}


def formula_state(state, prefixes, seed):
    """A torch state dict with formula weights where a name has one of the prefixes: number n of the sorted names has stream
    100 + n. He-scaled convolutions, batch norm near 1 and 0, everything of three dimensions (keys) as the formula gives it."""
    import torch
    names = sorted(name for name in state if name.startswith(tuple(prefixes)) and not name.endswith("num_batches_tracked"))
    for n, name in enumerate(names):
        shape = tuple(state[name].shape)
        values = formula(math.prod(shape), seed, 100 + n).reshape(shape).astype(np.float64)
        if len(shape) == 4:
            values = values * math.sqrt(3 / math.prod(shape[1:]))
        elif name.endswith((".running_mean", ".bias")):
            values = 0.1 * values
        elif len(shape) != 3:
            values = 1 + 0.5 * values
        state[name] = torch.from_numpy(values.astype(np.float32))
    return state
