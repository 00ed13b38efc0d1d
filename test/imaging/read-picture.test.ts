import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { readPicture } from "../../src/imaging/read-picture.ts";
import { writePng } from "../../src/imaging/write-picture.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const SIZE = { width: 8, height: 4 };

/** A picture of one colour, 40 × 30. */
function plain(background: string | { r: number; g: number; b: number; alpha: number }, channels: 3 | 4 = 3) {
  return sharp({ create: { width: 40, height: 30, channels, background } });
}

async function firstPixel(picture: Sharp, name: string): Promise<number[]> {
  const file = join(temporaryFolder(), name);
  await picture.toFile(file);
  const data = await readPicture(file, SIZE);
  expect(data).toHaveLength(8 * 4 * 3);
  return [...data.subarray(0, 3)];
}

describe("readPicture", () => {
  it("reads 16-bit, grey, 16-bit grey and palette pictures as RGB8", async () => {
    expect(await firstPixel(plain("#804020").toColourspace("rgb16").png(), "a.png")).toEqual([128, 64, 32]);
    expect(await firstPixel(plain("#808080").toColourspace("b-w").png(), "b.png")).toEqual([128, 128, 128]);
    expect(await firstPixel(plain("#808080").toColourspace("grey16").png(), "c.png")).toEqual([
      128, 128, 128,
    ]);
    expect(await firstPixel(plain("#804020").png({ palette: true }), "d.png")).toEqual([128, 64, 32]);
    expect(await firstPixel(plain("#804020").tiff({ compression: "none" }), "e.tiff")).toEqual([128, 64, 32]);
  });

  it("reads CMYK near to its colour", async () => {
    const [red = 0, green = 0, blue = 0] = await firstPixel(
      plain("#804020").toColourspace("cmyk").jpeg(),
      "a.jpg",
    );
    expect(Math.abs(red - 128)).toBeLessThan(12);
    expect(Math.abs(green - 64)).toBeLessThan(12);
    expect(Math.abs(blue - 32)).toBeLessThan(40);
  });

  it("reads uncompressed BMP of 8, 24 and 32 bits, bottom or top row first", async () => {
    for (const bits of [8, 24, 32] as const) {
      for (const order of [1, -1] as const) {
        const file = join(temporaryFolder(), "a.bmp");
        writeFileSync(file, bmp(bits, order));
        const data = await readPicture(file, { width: 2, height: 2 });
        expect([...data]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]);
        writeFileSync(file, bmp(bits, order).subarray(0, -3));
        await expect(readPicture(file, SIZE)).rejects.toThrow(/BMP is cut off/);
      }
    }
  });

  it("lays transparent pixels over black", async () => {
    const half = plain({ r: 200, g: 100, b: 50, alpha: 0.5 }, 4).png();
    expect(await firstPixel(half, "a.png")).toEqual([100, 50, 25]);
  });

  it("applies the EXIF orientation", async () => {
    const file = join(temporaryFolder(), "turned.jpg");
    const pixels = Buffer.from([255, 255, 255, 0, 0, 0]); // white left, black right
    const flat = sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } }).resize(64, 64, {
      kernel: "nearest",
      fit: "fill",
    });
    await flat.withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toFile(file);
    const data = await readPicture(file, { width: 8, height: 8 });
    expect(data[3 * 4]).toBeGreaterThan(240); // upper row
    expect(data[3 * (7 * 8 + 4)]).toBeLessThan(15); // lower row
  });

  it("averages when it makes pictures smaller", async () => {
    const file = join(temporaryFolder(), "fine.png");
    const stripes = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 2) * 255));
    await sharp(stripes, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(file);
    const data = await readPicture(file, SIZE);
    expect(Math.min(...data)).toBeGreaterThan(115);
    expect(Math.max(...data)).toBeLessThan(140);
  });

  it.each([
    ["text.png", "this is no picture", /looks like text/],
    ["empty.jpg", "", /an empty file/],
    ["broken.png", "\x89PNG\r\n\x1a\n\0\0\0", /a PNG picture/],
    ["archive.tif", "PK\x03\x04\0\0", /a ZIP archive/],
  ])("says what %s is instead of a picture", async (name, content, words) => {
    const file = join(temporaryFolder(), name);
    writeFileSync(file, Buffer.from(content, "latin1"));
    const error: unknown = await readPicture(file, SIZE).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({
      code: "picture-unreadable",
      message: expect.stringMatching(words) as string,
    });
    expect((error as InputError).message).toContain(file);
  });

  it("names a missing picture and refuses one that is too large", async () => {
    const folder = temporaryFolder();
    await expect(readPicture(join(folder, "none.png"), SIZE)).rejects.toMatchObject({
      code: "picture-missing",
    });
    const file = join(folder, "huge.svg");
    writeFileSync(
      file,
      '<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"><rect width="9" height="9"/></svg>',
    );
    await expect(readPicture(file, SIZE)).rejects.toMatchObject({ code: "picture-too-large" });
  });

  it("refuses a picture that was cut off", async () => {
    const file = join(temporaryFolder(), "cut.jpg");
    const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 256));
    const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    writeFileSync(file, whole.subarray(0, whole.length / 2));
    await expect(readPicture(file, SIZE)).rejects.toMatchObject({ code: "picture-unreadable" });
  });
});

describe("writePng", () => {
  it("writes what readPicture reads back, and leaves no temporary file", async () => {
    const folder = temporaryFolder();
    const data = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => (i * 5) % 256);
    await writePng(join(folder, "a.png"), data, SIZE);
    expect([...(await readPicture(join(folder, "a.png"), SIZE))]).toEqual([...data]);
    expect(readdirSync(folder)).toEqual(["a.png"]);
  });

  it("replaces a picture only by a whole one", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "a.png");
    await writePng(file, new Uint8Array(96), SIZE);
    const before = readFileSync(file);
    await expect(writePng(file, new Uint8Array(95), SIZE)).rejects.toMatchObject({ code: "picture-size" });
    expect(readFileSync(file).equals(before)).toBe(true);
    await expect(writePng(join(folder, "no", "a.png"), new Uint8Array(96), SIZE)).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

/** Red, green / blue, dark: a 2 × 2 bitmap. @param order 1 bottom row first (usual), -1 top row first */
function bmp(bits: 8 | 24 | 32, order: 1 | -1): Buffer {
  const colours = [
    [0, 0, 255, 0],
    [0, 255, 0, 0],
    [255, 0, 0, 0],
    [30, 20, 10, 0],
  ];
  const stored = order === 1 ? [2, 3, 0, 1] : [0, 1, 2, 3];
  const rowBytes = Math.ceil((2 * bits) / 32) * 4;
  const header = Buffer.alloc(54);
  const pixelsAt = 54 + (bits === 8 ? 16 : 0);
  header.write("BM");
  header.writeUInt32LE(pixelsAt, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(2, 18);
  header.writeInt32LE(2 * order, 22);
  header.writeUInt16LE(bits, 28);
  const pixels = Buffer.alloc(rowBytes * 2);
  stored.forEach((index, i) => {
    const at = Math.floor(i / 2) * rowBytes + ((i % 2) * bits) / 8;
    if (bits === 8) pixels[at] = index;
    else pixels.set((colours[index] ?? []).slice(0, bits / 8), at);
  });
  return Buffer.concat([header, ...(bits === 8 ? [Buffer.from(colours.flat())] : []), pixels]);
}
