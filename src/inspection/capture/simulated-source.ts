import type { Size, Truth } from "../../domain/inspection.ts";
import type { Picture, PictureSource } from "./picture-player.ts";

/** The simulator's picture maker: the same index and seed give the same picture. */
export type RenderPart = (options: {
  readonly index: number;
  readonly seed: number;
  readonly size: Size;
  readonly content: "normal" | "mixed";
  readonly defectShare: number;
}) => { readonly data: Uint8Array; readonly truth: Truth };

/**
 * Endless pictures of a rendered product; the frame's counter is the part's index.
 * @param options `distinct`: so many parts are rendered and kept, then shown again; null: none is shown twice
 */
export function simulatedSource(
  render: RenderPart,
  options: {
    readonly size: Size;
    readonly seed: number;
    readonly defectShare: number;
    readonly distinct: number | null;
  },
): PictureSource {
  const { distinct, ...part } = options;
  const kept = new Map<string, Picture>();
  return {
    at: ({ counter }, content) => {
      if (distinct === null) return Promise.resolve(render({ index: counter, content, ...part }));
      const index = counter % distinct;
      const key = `${content} ${index}`;
      const picture = kept.get(key) ?? render({ index, content, ...part });
      kept.set(key, picture);
      return Promise.resolve(picture);
    },
  };
}
