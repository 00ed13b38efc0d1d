import type { Size } from "../../domain/inspection.ts";
import { between, choose, wholeBetween, type Random } from "./chance.ts";
import {
  changedLight,
  filtered,
  foreignTexture,
  windowValue,
  type Content,
  type Material,
} from "./contents.ts";
import type { Region } from "./region.ts";
import { pictureSampler } from "./texture-source.ts";

/** What a wide area is made of: another finish of the same product, seldom something foreign. */
export function chooseFinish(material: Material, region: Region, random: Random): Content {
  const make = choose(random, [
    [0.35, sameOfAnother],
    [0.25, otherFinish],
    [0.2, changedLight],
    [0.1, filtered],
    [0.1, foreignTexture],
  ]);
  return make(material, region, random);
}

/** The same place of another normal picture, or its mirror image, brought near the brightness that was there. */
function sameOfAnother({ image, size, others }: Material, region: Region, random: Random): Content {
  const source = others[wholeBetween(random, 0, others.length - 1)] ?? image;
  const read = pictureSampler(source, size);
  const lift = (meanIn(image, size, region) - meanIn(source, size, region)) * between(random, 0.5, 1);
  const isMirrored = random() < 0.5;
  return {
    sample: (x, y, out) => {
      read(isMirrored ? size.width - 1 - x : x, y, out);
      for (let c = 0; c < 3; c++) out[c] = out[c]! + lift;
    },
    opacity: 1,
  };
}

/** Pixels between two that are looked at: it is a mean of a large area. */
const STRIDE = 4;

/** Mean of the green channel. */
function meanIn(image: Uint8Array, { width }: Size, region: Region): number {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < region.height; y += STRIDE) {
    for (let x = 0; x < region.width; x += STRIDE) {
      if (region.alpha[y * region.width + x]! < 0.5) continue;
      sum += image[((region.top + y) * width + region.left + x) * 3 + 1]!;
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}

/** Duller or rougher: what differs from the mean around it (or along a row or a column: brushed) is weakened or enhanced. */
function otherFinish({ image, size }: Material, _region: Region, random: Random): Content {
  const factor = random() < 0.5 ? between(random, 0.1, 0.6) : between(random, 1.5, 3);
  const lift = between(random, -15, 15);
  const reach = () => wholeBetween(random, 2, 5);
  const [across, down] = choose<() => [number, number]>(random, [
    [1, () => [0, reach()]],
    [1, () => [reach(), 0]],
    [1, () => [reach(), reach()]],
  ])();
  return {
    sample: (x, y, out) => {
      for (let c = 0; c < 3; c++) {
        const mean = windowValue({ image, size, kind: "mean", across, down }, x, y, c);
        out[c] = mean + (image[(y * size.width + x) * 3 + c]! - mean) * factor + lift;
      }
    },
    opacity: 1,
  };
}
