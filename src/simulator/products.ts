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
import { PRODUCT_NAMES, type ProductName } from "./product-names.ts";

const BY_NAME: Readonly<Record<ProductName, Product>> = {
  default: RELAY,
  gear: GEAR,
  fuses: FUSES,
  label: LABEL,
  fabric: FABRIC,
  steel: STEEL,
  cap: CAP,
  tile: TILE,
  leather: LEATHER,
  biscuit: BISCUIT,
  lens: LENS,
};

/** Every rendered product, the default one first. */
export const PRODUCTS: readonly Product[] = PRODUCT_NAMES.map((name) => BY_NAME[name]);

/** @throws InputError `product-unknown` */
export function findProduct(name: string): Product {
  const found = PRODUCTS.find((product) => product.name === name);
  if (found !== undefined) return found;
  throw new InputError(
    "product-unknown",
    `There is no rendered product "${name}"; these exist: ${PRODUCT_NAMES.join(", ")}.`,
  );
}
