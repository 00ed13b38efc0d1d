import type { Size } from "../domain/inspection.ts";
import {
  goodLook,
  qualityReference,
  type GoodLook,
  type QualityRecord,
} from "../imaging/quality/quality-reference.ts";
import type { Normals } from "./normals.ts";

/** Good parts of one product that are looked at; more change nothing. */
const MOST = 64;

/** What the good parts of each product look like, by recipe. */
export async function goodParts(
  { products, pictures }: Pick<Normals, "products" | "pictures">,
  size: Size,
): Promise<ReadonlyMap<string, QualityRecord>> {
  const records = new Map<string, QualityRecord>();
  for (const { recipe, first, count } of products) {
    const looks: GoodLook[] = [];
    const wanted = Math.min(MOST, count);
    for (let i = 0; i < wanted; i++) {
      const data = await pictures.read(first + Math.floor((i * count) / wanted));
      looks.push(goodLook({ data, ...size }));
    }
    records.set(recipe, qualityReference(looks));
  }
  return records;
}
