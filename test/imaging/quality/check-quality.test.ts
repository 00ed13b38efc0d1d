import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { qualitySchema, type QualityConfig } from "../../../src/config/quality-schema.ts";
import { checkQuality, uncheckedLimits } from "../../../src/imaging/quality/check-quality.ts";
import { lookAt, type Picture } from "../../../src/imaging/quality/look.ts";
import {
  goodLook,
  qualityRecordSchema,
  qualityReference,
  readReference,
} from "../../../src/imaging/quality/quality-reference.ts";
import { shiftBetween, spectrumOf } from "../../../src/imaging/quality/shift.ts";
import type { Product } from "../../../src/simulator/family.ts";
import { renderSample } from "../../../src/simulator/product.ts";
import { findProduct, PRODUCTS } from "../../../src/simulator/products.ts";

const SIZE = { width: 128, height: 128 };
const OFF = qualitySchema.parse({});
/** For products that lie still. */
const USUAL: QualityConfig = {
  maxDarkShare: 0.9,
  maxBrightShare: 0.5,
  maxBrightnessChange: 40,
  minSharpness: 0.25,
  maxShiftPx: 12,
};
/** Products whose good parts have one place; the others are textures that go by. */
const PLACED = ["default", "gear", "fuses", "label", "cap", "lens"];

function part(product: Product, index: number, defect: string | null = null): Picture {
  return { ...SIZE, data: renderSample(product, { index, seed: 3, size: SIZE }, defect).data };
}

function recordOf(product: Product) {
  return qualityReference(Array.from({ length: 16 }, (_, index) => goodLook(part(product, index))));
}

/** The picture moved by whole pixels, its border drawn out. */
function moved({ data, width, height }: Picture, right: number, down: number): Picture {
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from =
        Math.min(height - 1, Math.max(0, y - down)) * width + Math.min(width - 1, Math.max(0, x - right));
      out.set(data.subarray(3 * from, 3 * from + 3), 3 * (y * width + x));
    }
  return { data: out, width, height };
}

/** The picture with every value changed. */
function lit(picture: Picture, change: (value: number) => number): Picture {
  return { ...picture, data: picture.data.map((value) => Math.max(0, Math.min(255, change(value)))) };
}

describe.each(PRODUCTS.map((product) => [product.name, product] as const))("%s", (name, product) => {
  const record = recordOf(product);
  const reference = readReference(record);

  test("good and defective parts are let through, with no limits and with the usual ones", () => {
    for (let index = 100; index < 130; index++) {
      const good = part(product, index);
      expect(checkQuality(good, reference, OFF)).toBeNull();
      expect(checkQuality(good, reference, USUAL)).toBeNull();
    }
    for (const [at, defect] of product.defects.entries())
      expect([defect, checkQuality(part(product, 200 + at, defect), reference, OFF)]).toEqual([defect, null]);
  });

  test("a common place is found where there is one", () => {
    expect(record.grey !== null).toBe(PLACED.includes(name));
    expect(uncheckedLimits(record, USUAL) === null).toBe(PLACED.includes(name));
  });

  test("blurred parts are refused", async () => {
    for (let index = 100; index < 105; index++) {
      const { data, ...size } = part(product, index);
      const raw = { width: size.width, height: size.height, channels: 3 } as const;
      const blurred = { ...size, data: await sharp(data, { raw }).blur(1.5).raw().toBuffer() };
      expect(checkQuality(blurred, reference, USUAL)).toMatch(/of the good parts' sharpness, at least 25 %/);
    }
  });

  test.runIf(PLACED.includes(name))("parts moved beyond the limit are refused, with the distance", () => {
    for (let index = 100; index < 110; index++) {
      const away = moved(part(product, index), 20, -10);
      const [, right, down] =
        /moved by (-?[\d.]+), (-?[\d.]+) pixels/.exec(checkQuality(away, reference, USUAL) ?? "") ?? [];
      expect(Math.abs(Number(right) - 20)).toBeLessThan(7); // where good parts lie differs by some pixels
      expect(Math.abs(Number(down) + 10)).toBeLessThan(7);
    }
  });
});

describe("checkQuality", () => {
  const product = findProduct("default");
  const good = part(product, 100);
  const record = recordOf(product);
  const reference = readReference(record);
  const only = (limits: Partial<QualityConfig>) => ({ ...OFF, ...limits });

  test("refuses pictures that are too dark or saturated, by their own limit", () => {
    const { darkShare, brightShare } = lookAt(good);
    expect([darkShare < 0.5, brightShare < 0.5]).toEqual([true, true]);
    const night = lit(good, (value) => value / 20);
    const glare = lit(good, (value) => value * 6);
    expect(checkQuality(night, null, only({ maxDarkShare: 0.9 }))).toMatch(/nearly black, at most 90 %/);
    expect(checkQuality(glare, null, only({ maxBrightShare: 0.5 }))).toMatch(/saturated, at most 50 %/);
    expect(checkQuality(night, null, only({ maxBrightShare: 0.5 }))).toBeNull();
  });

  test("notices light that drifts up and down", () => {
    const limits = only({ maxBrightnessChange: 20 });
    expect(
      checkQuality(
        lit(good, (value) => value + 10),
        reference,
        limits,
      ),
    ).toBeNull();
    expect(
      checkQuality(
        lit(good, (value) => value + 40),
        reference,
        limits,
      ),
    ).toMatch(/brightness is .*good parts had/);
    expect(
      checkQuality(
        lit(good, (value) => value - 40),
        reference,
        limits,
      ),
    ).toMatch(/did light or exposure change/);
  });

  test("measures a shift to half a pixel, whatever brightness and contrast do", () => {
    const from = spectrumOf(lookAt(good).grey);
    for (const [right, down] of [
      [0, 0],
      [6, 0],
      [-9, 4],
      [16, -16],
    ] as const) {
      const to = lit(moved(good, right, down), (value) => 30 + value * 0.6);
      const { x, y, agreement } = shiftBetween(spectrumOf(lookAt(to).grey), from);
      expect(Math.hypot(128 * x - right, 128 * y - down)).toBeLessThan(1.5);
      expect(agreement).toBeGreaterThan(0.6);
    }
  });

  test("says nothing of place or light where the model knows none, and tells which limits those are", () => {
    expect(
      checkQuality(
        lit(good, (value) => value / 4),
        null,
        USUAL,
      ),
    ).toBeNull();
    expect(uncheckedLimits(null, USUAL)).toMatch(
      /maxBrightnessChange, quality.minSharpness, quality.maxShiftPx.*train it anew/,
    );
    expect(uncheckedLimits(null, OFF)).toBeNull();
    expect(uncheckedLimits(record, USUAL)).toBeNull();
    const texture = recordOf(findProduct("tile"));
    expect(uncheckedLimits(texture, USUAL)).toMatch(/no common place/);
  });

  test("does not look at a picture of something else as a moved one", () => {
    const other = part(findProduct("leather"), 5);
    expect(checkQuality(other, reference, only({ maxShiftPx: 5 }))).toBeNull();
  });

  test("looks alike at pictures of any size and form", () => {
    const wide = { width: 256, height: 96 };
    const data = new Uint8Array(3 * wide.width * wide.height).map((_, i) =>
      Math.floor(i / 3) % wide.width < 128 ? 40 : 200,
    );
    const { grey, brightness } = lookAt({ ...wide, data });
    expect(brightness).toBeCloseTo(120, 5);
    expect([grey[0], grey[31], grey[32], grey[63]]).toEqual([40, 40, 200, 200]);
  });

  test("keeps its reference as JSON", () => {
    const kept = qualityRecordSchema.parse(JSON.parse(JSON.stringify(record)));
    expect(readReference(kept)).toEqual(reference);
    expect(JSON.stringify(record).length).toBeLessThan(6000);
  });
});
