import { readFileSync } from "node:fs";
import { backboneByName } from "../../src/backbones/registry.ts";
import { countCost } from "../../src/graph/cost.ts";
import type { Weights } from "../../src/graph/ops.ts";
import { rdStudent } from "../../src/torch-import/rd-network.ts";
import { formulaWeights } from "../backbones/formula-picture.ts";

/** Of scripts/make-golden-published.py: scores that PyTorch gave for the first pictures. */
export const WHOLE = (
  JSON.parse(readFileSync(new URL("../golden/published.json", import.meta.url), "utf8")) as {
    whole: {
      size: number;
      seed: number;
      first_picture_seed: number;
      amplifier: [name: string, shape: number[]][];
      scores: Readonly<Record<"rd" | "aand", readonly number[]>>;
    };
  }
).whole;

const LEVELS = backboneByName("resnet18").levels({ width: WHOLE.size, height: WHOLE.size });

/** Formula weights of a whole model in ResNet-18's form, as the sections of its checkpoints. */
export function wholeModel(): {
  readonly teacher: Weights;
  readonly amplifier: Weights;
  readonly bn: Weights;
  readonly decoder: Weights;
} {
  const trunk = countCost(backboneByName("resnet18").features, [{ c: 3, h: WHOLE.size, w: WHOLE.size }]);
  const plan = { block: "basic", planes: 64, widening: 1, squeeze: 2, stages: [2, 2, 2] } as const;
  const student = formulaWeights(
    countCost(
      rdStudent(plan),
      LEVELS.map(({ shape }) => shape),
    ).weights,
    WHOLE.seed,
  );
  const amplifier = WHOLE.amplifier.map(([name, shape]) => ({ name, shape }));
  return {
    teacher: formulaWeights(trunk.weights, WHOLE.seed + 2),
    amplifier: formulaWeights(amplifier, WHOLE.seed + 1),
    bn: section(student, "bn."),
    decoder: section(student, "decoder."),
  };
}

function section(weights: Weights, prefix: string): Weights {
  const own = [...weights].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, weight]) => [name.slice(prefix.length), weight]));
}
