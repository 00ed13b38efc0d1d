import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ModelError, messageOf } from "../domain/errors.ts";
import { bundleManifestSchema, pictureSizeOf, type BundleManifest } from "./manifest.ts";

/** The model of a bundle, its manifest, and the checksum of the manifest (in `sha256sum` form). */
export const MODEL_FILE = "inspector.onnx";
export const MANIFEST_FILE = "manifest.json";
export const MANIFEST_SUM_FILE = "manifest.json.sha256";

const REMEDY = `Go back with "assayd models rollback", or teach the product again.`;

/** A bundle whose every byte was checked while it was read. */
export interface Bundle {
  readonly dir: string;
  readonly manifest: BundleManifest;
  /** The bytes of `inspector.onnx`, as checked. */
  readonly model: Uint8Array;
  /** RGB8 of the picture size, with the score that the trainer got. */
  readonly golden: readonly { readonly data: Uint8Array; readonly score: number }[];
  /** Of a picture that is cut into tiles: the places that are not judged; null: all are, or the model knows. */
  readonly ignored: { readonly inside: Uint8Array; readonly fill: Uint8Array } | null;
}

/**
 * Reads what inference needs, after checking the sha256 of every file (inspection with a damaged model would go on with
 * wrong scores: ONNX Runtime alone accepts most single-bit flips).
 * @throws ModelError `bundle-missing`, `bundle-damaged`, `bundle-invalid`; the message names the file.
 */
export async function readBundle(dir: string): Promise<Bundle> {
  const manifest = await readManifest(dir);
  const wanted = new Set(filesToRead(manifest));
  const contents = new Map<string, Uint8Array>();
  for (const [file, expected] of Object.entries(manifest.sha256)) {
    if (!wanted.has(file)) {
      checkSum(dir, file, { found: await sha256OfFile(dir, file), expected });
      continue;
    }
    const data = await readBytes(dir, file);
    checkSum(dir, file, { found: sha256(data), expected });
    contents.set(file, data);
  }
  const contentOf = (file: string): Uint8Array => {
    const data = contents.get(file);
    if (data === undefined) throw invalid(dir, `${file} has no checksum in ${MANIFEST_FILE}`);
    return data;
  };
  const golden = manifest.golden.map(({ file, score }) => ({ data: contentOf(file), score }));
  checkGoldenSizes(dir, manifest, golden);
  return {
    dir,
    manifest,
    model: contentOf(MODEL_FILE),
    golden,
    ignored: ignoredPlaces(dir, manifest, contentOf),
  };
}

/** The files whose contents inference needs. */
function filesToRead({ golden, tiling }: BundleManifest): readonly string[] {
  const ignored = tiling?.ignored ?? null;
  return [
    MODEL_FILE,
    ...golden.map((frame) => frame.file),
    ...(ignored === null ? [] : [ignored.inside, ignored.fill]),
  ];
}

function ignoredPlaces(
  dir: string,
  manifest: BundleManifest,
  contentOf: (file: string) => Uint8Array,
): Bundle["ignored"] {
  const files = manifest.tiling?.ignored ?? null;
  if (files === null) return null;
  const [inside, fill] = [contentOf(files.inside), contentOf(files.fill)];
  const { width, height } = pictureSizeOf(manifest);
  if (inside.byteLength === width * height && fill.byteLength === 3 * width * height) return { inside, fill };
  throw invalid(dir, `${files.inside} and ${files.fill} do not fit a picture of ${width}×${height}`);
}

/**
 * Checks the manifest and the sha256 of every file, streaming: fit for the main process.
 * @throws ModelError as `readBundle`.
 */
export async function verifyBundle(dir: string): Promise<BundleManifest> {
  const manifest = await readManifest(dir);
  for (const file of filesToRead(manifest)) {
    if (!(file in manifest.sha256)) throw invalid(dir, `${file} has no checksum in ${MANIFEST_FILE}`);
  }
  for (const [file, expected] of Object.entries(manifest.sha256)) {
    checkSum(dir, file, { found: await sha256OfFile(dir, file), expected });
  }
  return manifest;
}

/**
 * Reads `manifest.json` and checks it against its own checksum file and the schema; the other files are not looked at.
 * @throws ModelError as `readBundle`.
 */
export async function readManifest(dir: string): Promise<BundleManifest> {
  const bytes = await readBytes(dir, MANIFEST_FILE);
  const sum = Buffer.from(await readBytes(dir, MANIFEST_SUM_FILE)).toString("latin1");
  if (sum !== manifestSum(bytes)) {
    throw damaged(dir, MANIFEST_FILE, `it does not match ${MANIFEST_SUM_FILE}`);
  }
  const manifest = parseManifest(dir, bytes);
  for (const file of Object.keys(manifest.sha256)) {
    if (!isInside(file))
      throw invalid(dir, `the checksum list names ${JSON.stringify(file)}, outside of the bundle`);
  }
  return manifest;
}

/** The text of `manifest.json.sha256`. */
export function manifestSum(manifest: Uint8Array): string {
  return `${sha256(manifest)}  ${MANIFEST_FILE}\n`;
}

/**
 * sha256 of a file of a bundle, hex.
 * @throws ModelError `bundle-damaged` if it cannot be read.
 */
export async function sha256OfFile(dir: string, file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(join(dir, file))) hash.update(chunk as Buffer);
  } catch (error) {
    throw damaged(dir, file, messageOf(error));
  }
  return hash.digest("hex");
}

function parseManifest(dir: string, bytes: Uint8Array): BundleManifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw damaged(dir, MANIFEST_FILE, messageOf(error));
  }
  const parsed = bundleManifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(
    dir,
    `${MANIFEST_FILE}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not a manifest"}`,
  );
}

function checkSum(dir: string, file: string, sums: { found: string; expected: string }): void {
  if (sums.found === sums.expected) return;
  throw damaged(
    dir,
    file,
    `its sha256 is ${sums.found.slice(0, 12)}…, the manifest says ${sums.expected.slice(0, 12)}…`,
  );
}

function checkGoldenSizes(dir: string, manifest: BundleManifest, golden: Bundle["golden"]): void {
  const { width, height } = pictureSizeOf(manifest);
  const bytes = width * height * 3;
  const wrong = golden.findIndex((frame) => frame.data.byteLength !== bytes);
  if (wrong < 0) return;
  throw invalid(
    dir,
    `${manifest.golden[wrong]?.file ?? ""} has ${golden[wrong]?.data.byteLength ?? 0} bytes; the picture size asks for ${bytes}`,
  );
}

function isInside(file: string): boolean {
  return (
    !file.startsWith("/") &&
    !file.includes("\\") &&
    file.split("/").every((part) => !["", ".", ".."].includes(part))
  );
}

async function readBytes(dir: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(dir, file));
  } catch (error) {
    if (file === MANIFEST_FILE && (error as NodeJS.ErrnoException).code === "ENOENT") {
      throw new ModelError("bundle-missing", `There is no bundle in ${dir}. See "assayd models list".`, {
        cause: error,
      });
    }
    throw damaged(dir, file, messageOf(error));
  }
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function damaged(dir: string, file: string, why: string): ModelError {
  return new ModelError("bundle-damaged", `${file} of bundle ${dir} is damaged: ${why}. ${REMEDY}`);
}

function invalid(dir: string, why: string): ModelError {
  return new ModelError("bundle-invalid", `Bundle ${dir} cannot be used: ${why}. ${REMEDY}`);
}
