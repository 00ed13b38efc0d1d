import { expect, it } from "vitest";
import { tf } from "../../src/graph/tf.ts";
import { foregroundTensor } from "../../src/training/tensors.ts";

const SIZE = { width: 2, height: 1 };

it("knows the product of one picture beside another that is all product", () => {
  const foreground = foregroundTensor([Uint8Array.of(0, 1), null], SIZE)!;
  expect(foreground.shape).toEqual([2, 1, 2, 1]);
  expect([...foreground.dataSync()]).toEqual([0, 1, 1, 1]);
  tf.dispose(foreground);
  expect(foregroundTensor([null, null], SIZE)).toBeNull();
});
