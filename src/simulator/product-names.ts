/** Names of the rendered products, as in `--product NAME` and the key `product` of a simulated camera. */
export const PRODUCT_NAMES = [
  "default",
  "gear",
  "fuses",
  "label",
  "fabric",
  "steel",
  "cap",
  "tile",
  "leather",
  "biscuit",
  "lens",
] as const;
export type ProductName = (typeof PRODUCT_NAMES)[number];
