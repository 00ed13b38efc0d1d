import type { Size, Truth } from "../../domain/inspection.ts";
import type { PictureSource } from "./picture-player.ts";

/** The simulator's picture maker: the same index and seed give the same picture. */
export type RenderPart = (options: {
  readonly index: number;
  readonly seed: number;
  readonly size: Size;
  readonly content: "normal" | "mixed";
  readonly defectShare: number;
}) => { readonly data: Uint8Array; readonly truth: Truth };

/** Endless pictures of a rendered product; the frame's counter is the part's index. */
export function simulatedSource(
  render: RenderPart,
  options: { readonly size: Size; readonly seed: number; readonly defectShare: number },
): PictureSource {
  return {
    at: ({ counter }, content) => Promise.resolve(render({ index: counter, content, ...options })),
  };
}
