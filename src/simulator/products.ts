import { InputError } from "../domain/errors.ts";
import { BISCUIT } from "./families/biscuit.ts";
import { CAP } from "./families/cap.ts";
import { FABRIC } from "./families/fabric.ts";
import { FUSES } from "./families/fuses.ts";
import { GEAR } from "./families/gear.ts";
import { LABEL } from "./families/label.ts";
import { LEATHER } from "./families/leather.ts";
import { LENS } from "./families/lens.ts";
import { RELAY } from "./families/relay.ts";
import { STEEL } from "./families/steel.ts";
import { TILE } from "./families/tile.ts";
import type { Product } from "./family.ts";

/** Every rendered product, the default one first. */
export const PRODUCTS: readonly Product[] = [
  RELAY,
  GEAR,
  FUSES,
  LABEL,
  FABRIC,
  STEEL,
  CAP,
  TILE,
  LEATHER,
  BISCUIT,
  LENS,
];

/** @throws InputError `product-unknown` */
export function findProduct(name: string): Product {
  const found = PRODUCTS.find((product) => product.name === name);
  if (found !== undefined) return found;
  throw new InputError(
    "product-unknown",
    `There is no rendered product "${name}"; these exist: ${PRODUCTS.map((product) => product.name).join(", ")}.`,
  );
}
