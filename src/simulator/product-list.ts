import { PRODUCTS } from "./products.ts";

/** The rendered products as lines of text: name, what it is, its defects. */
export function productList(): string {
  const width = Math.max(...PRODUCTS.map(({ name }) => name.length));
  return PRODUCTS.map(
    ({ name, summary, defects }) =>
      `${name.padEnd(width)}  ${summary}\n${" ".repeat(width)}  defects: ${defects.join(", ")}`,
  ).join("\n");
}
