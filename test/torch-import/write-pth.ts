import type { Weights } from "../../src/graph/ops.ts";
import { op, storageReference, tensor } from "../backbones/weights/pickle-text.ts";
import { storedZip, type ZipEntry } from "../backbones/weights/stored-zip.ts";

/** A file as torch.save writes a dict of state dicts (a section named "" is the file's own state dict). */
export function writePth(sections: Readonly<Record<string, Weights>>): Uint8Array {
  const entries: ZipEntry[] = [];
  const dictOf = (weights: Weights): number[] => [
    ...op.emptyDict,
    ...[...weights].flatMap(([name, { shape, data }]) => {
      const key = String(entries.length);
      entries.push({
        name: `archive/data/${key}`,
        data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      });
      const strides = shape.map((_, axis) =>
        shape.slice(axis + 1).reduce((product, side) => product * side, 1),
      );
      return [
        ...op.text(name),
        ...tensor(storageReference(key, data.length), 0, shape, strides),
        ...op.setItem,
      ];
    }),
  ];
  const own = sections[""];
  const saved = own
    ? dictOf(own)
    : [
        ...op.emptyDict,
        ...Object.entries(sections).flatMap(([name, weights]) => [
          ...op.text(name),
          ...dictOf(weights),
          ...op.setItem,
        ]),
      ];
  const pickle = Uint8Array.from([...op.proto(), ...saved, ...op.stop]);
  return storedZip([{ name: "archive/data.pkl", data: pickle }, ...entries]);
}
