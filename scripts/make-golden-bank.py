"""Writes test/golden/bank.json: nearest-neighbour distances, greedy k-centre and Gaussian distances by numpy alone.

    python3 scripts/make-golden-bank.py > test/golden/bank.json

Independent of src/: distances by plain differences (no expanded squares), k-centre by full re-computation, Gaussians by
numpy's mean and variance in float64. Inputs are drawn here and written down, so that a test needs no other file.
"""

import json

import numpy as np

ROWS, DIMS, KEYS, QUERIES = 60, 6, 12, 9
EPSILON = 0.01  # PaDiM


def k_centre(rows: np.ndarray, first: int, count: int) -> list[int]:
    chosen = [first]
    while len(chosen) < count:
        distances = np.linalg.norm(rows[:, None] - rows[None, chosen], axis=2).min(axis=1)
        distances[chosen] = -1
        chosen.append(int(distances.argmax()))
    return chosen


def main() -> None:
    random = np.random.default_rng(20260)
    rows = random.standard_normal((ROWS, DIMS)).round(4) * np.array([1, 2, 0.5, 1, 3, 1])
    queries = random.standard_normal((QUERIES, DIMS)).round(4) * 2
    standard = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    chosen = k_centre(standard, 7, KEYS)
    moved = (queries - rows.mean(axis=0)) / rows.std(axis=0)
    squares = ((moved[:, None] - standard[None, chosen]) ** 2).mean(axis=2).min(axis=1)
    places = random.standard_normal((20, 2, 3, 4)).round(4) + np.arange(4)  # [pictures, h, w, C]
    mean, variance = places.mean(axis=0), places.var(axis=0, ddof=1)
    query = random.standard_normal((2, 3, 4)).round(4)
    gaussian = np.sqrt(((query - mean) ** 2 / (variance + EPSILON)).mean(axis=2))
    golden = {
        "rows": {"shape": [ROWS, DIMS], "data": rows.ravel().tolist()},
        "queries": {"shape": [QUERIES, DIMS], "data": queries.ravel().tolist()},
        "first": 7,
        "chosen": chosen,
        "meanSquares": squares.tolist(),
        "places": {"shape": list(places.shape), "data": places.ravel().tolist()},
        "placeQuery": {"shape": list(query.shape), "data": query.ravel().tolist()},
        "placeDistances": gaussian.ravel().tolist(),
    }
    print(json.dumps(golden))


if __name__ == "__main__":
    main()
