import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../domain/errors.ts";
import type { PictureRef } from "../../imaging/picture-folder.ts";
import type { Category, Layout } from "../layout.ts";

const SPLIT = "split_csv/1cls.csv";
const HEADER = "object,split,label,image,mask";

interface Row {
  readonly object: string;
  readonly split: string;
  readonly ref: PictureRef;
}

/** VisA with its one-class split; all defects are one kind, `anomaly`. Source: Zou et al. 2022, amazon-science/spot-diff. */
export const visa: Layout = {
  name: "VisA",
  looksLike: `${SPLIT} with the columns ${HEADER}`,
  read: async (dir) => {
    const file = join(dir, SPLIT);
    return existsSync(file) ? categoriesOf(parseSplit(await readFile(file, "utf8"), dir, file)) : null;
  },
};

/** @throws InputError `split-unreadable` */
function parseSplit(text: string, dir: string, file: string): Row[] {
  const [header = "", ...lines] = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  if (header.trim() !== HEADER)
    throw new InputError(
      "split-unreadable",
      `${file} begins with "${header.slice(0, 80)}"; VisA's split begins with "${HEADER}". Fetch the file again.`,
    );
  return lines.map((line, at) => {
    const [object, split, label, image, mask = ""] = line.split(",").map((cell) => cell.trim());
    if (!object || !image || (split !== "train" && split !== "test"))
      throw new InputError(
        "split-unreadable",
        `${file}:${at + 2}: "${line.slice(0, 80)}" is not "${HEADER}".`,
      );
    const isGood = label === "normal";
    return {
      object,
      split,
      ref: {
        file: join(dir, image),
        truth: { label: isGood ? "good" : "bad", source: isGood ? "good" : (label ?? "anomaly") },
        mask: isGood || mask === "" ? null : join(dir, mask),
      },
    };
  });
}

function categoriesOf(rows: readonly Row[]): Category[] {
  return [...new Set(rows.map(({ object }) => object))].sort().map((name) => {
    const those = rows.filter(({ object }) => object === name);
    const part = (wanted: string) => those.filter(({ split }) => split === wanted).map(({ ref }) => ref);
    const normals = part("train").filter(({ truth }) => truth.label === "good");
    return { name, normals: normals.map(({ file }) => file), test: part("test") };
  });
}
