import { InputError } from "../domain/errors.ts";
import type { Backbone } from "./backbone.ts";
import { efficientNetLite } from "./efficientnet-lite.ts";
import { resNet } from "./resnet.ts";

/** Every backbone that a teacher can be made from. Lite scaling: efficientnet_params of efficientnet-lite-pytorch 0.1.0. */
export const BACKBONES: readonly Backbone[] = [
  efficientNetLite("efficientnet-lite0", 1, 1),
  efficientNetLite("efficientnet-lite1", 1, 1.1),
  efficientNetLite("efficientnet-lite2", 1.1, 1.2),
  resNet("resnet18", { block: "basic", blocks: [2, 2, 2], width: 64 }),
  resNet("resnet50", { block: "bottleneck", blocks: [3, 4, 6], width: 64 }),
  resNet("wide_resnet50_2", { block: "bottleneck", blocks: [3, 4, 6], width: 128 }),
];

/** @throws InputError if there is no backbone of that name. */
export function backboneByName(name: string): Backbone {
  const found = BACKBONES.find((backbone) => backbone.name === name);
  if (found !== undefined) return found;
  const known = BACKBONES.map((backbone) => backbone.name).join(", ");
  throw new InputError("unknown-backbone", `There is no backbone "${name}". Use one of: ${known}.`);
}
