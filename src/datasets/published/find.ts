import type { DataSet } from "../data-set.ts";
import { mvtec3dPublished } from "./mvtec-3d.ts";
import { mvtecAd } from "./mvtec-ad.ts";
import type { PublishedRow, PublishedTable } from "./published.ts";
import { btadPublished, kolektorPublished, magneticTilePublished, mpddPublished } from "./smaller-sets.ts";
import { visaPublished } from "./visa.ts";

const BY_LAYOUT: Readonly<Record<string, PublishedTable>> = {
  VisA: visaPublished,
  "MVTec 3D-AD": mvtec3dPublished,
  BTAD: btadPublished,
  KolektorSDD2: kolektorPublished,
  "magnetic tile": magneticTilePublished,
};
/** Data sets in MVTec's form tell themselves by the names of their categories. */
const BY_CATEGORIES = [mvtecAd, mpddPublished, visaPublished, mvtec3dPublished, magneticTilePublished];

/** What is published on a data set. */
export interface Published {
  readonly dataSet: string;
  /** Means over all categories: empty if the data set here has not all of them, since they would not compare. */
  readonly means: readonly PublishedRow[];
  /** Of the categories that are here. */
  readonly categories: readonly PublishedRow[];
}

/** Published figures to put beside ours; null for a data set that nobody published on. */
export function findPublished({
  layout,
  categories,
}: Pick<DataSet, "layout" | "categories">): Published | null {
  const names = categories.map(({ name }) => name);
  const table =
    BY_LAYOUT[layout] ?? BY_CATEGORIES.find((one) => names.every((name) => one.categories.includes(name)));
  if (!table) return null;
  const isWhole = table.categories.every((name) => names.includes(name));
  return {
    dataSet: table.dataSet,
    means: isWhole ? table.rows.filter(({ category }) => category === null) : [],
    categories: table.rows.filter(({ category }) => category !== null && names.includes(category)),
  };
}
