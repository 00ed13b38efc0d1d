import { InputError } from "../domain/errors.ts";
import type { Backbone } from "./backbone.ts";
import {
  efficientNetLite,
  PYTORCH_PORT,
  TIMM_PORT,
  TIMM_TF_PORT,
  type LiteScale,
} from "./efficientnet-lite.ts";
import { resNet } from "./resnet.ts";

// efficientnet_params of efficientnet-lite-pytorch 0.1.0
const LITE0: LiteScale = { width: 1, depth: 1 };
const LITE1: LiteScale = { width: 1, depth: 1.1 };
const LITE2: LiteScale = { width: 1.1, depth: 1.2 };

/**
 * Every backbone that a teacher can be made from. Names with "-" are of efficientnet-lite-pytorch, names with "_" are
 * torchvision's and timm's. Of timm's own training only Lite0 was published.
 */
export const BACKBONES: readonly Backbone[] = [
  efficientNetLite("efficientnet-lite0", LITE0, PYTORCH_PORT),
  efficientNetLite("efficientnet-lite1", LITE1, PYTORCH_PORT),
  efficientNetLite("efficientnet-lite2", LITE2, PYTORCH_PORT),
  efficientNetLite("tf_efficientnet_lite0", LITE0, TIMM_TF_PORT),
  efficientNetLite("tf_efficientnet_lite1", LITE1, TIMM_TF_PORT),
  efficientNetLite("tf_efficientnet_lite2", LITE2, TIMM_TF_PORT),
  efficientNetLite("efficientnet_lite0", LITE0, TIMM_PORT),
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
