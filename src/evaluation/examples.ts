import { Buffer } from "node:buffer";
import { readPicture } from "../imaging/read-picture.ts";
import { encodePicture, overlayPixels, type RgbPicture } from "../messaging/images.ts";
import type { Size } from "../domain/inspection.ts";
import type { Example } from "./cell.ts";
import type { ScorePicture } from "./judge.ts";
import type { PictureScore } from "./operating-point.ts";

/** Of either kind. */
const SHOWN = 6;
const THUMBNAIL = { format: "jpeg", quality: 80, maxBytes: 9000 } as const;

/**
 * The worst of a test: the bad pictures with the lowest and the good ones with the highest scores, each with its overlay
 * in the station's colours (blue 0, red twice the threshold).
 */
export async function worstExamples(
  scores: readonly PictureScore[],
  model: { readonly score: ScorePicture; readonly size: Size; readonly threshold: number },
): Promise<Example[]> {
  const bad = scores.filter(({ isBad }) => isBad).toSorted((a, b) => a.score - b.score);
  const good = scores.filter(({ isBad }) => !isBad).toSorted((a, b) => b.score - a.score);
  const examples: Example[] = [];
  for (const one of [...bad.slice(0, SHOWN), ...good.slice(0, SHOWN)]) {
    const data = await readPicture(one.file, model.size);
    const picture: RgbPicture = { ...model.size, data };
    const { map, mapSize } = await model.score(data);
    const overlay = overlayPixels(
      picture,
      { size: mapSize, values: map },
      { low: 0, high: 2 * model.threshold },
    );
    examples.push({
      ...one,
      wrong: wrongOf(one, model.threshold),
      picture: await base64(picture),
      overlay: await base64(overlay),
    });
  }
  return examples;
}

function wrongOf({ isBad, score }: PictureScore, threshold: number): Example["wrong"] {
  if (isBad) return score > threshold ? null : "miss";
  return score > threshold ? "false alarm" : null;
}

async function base64(picture: RgbPicture): Promise<string> {
  return Buffer.from(await encodePicture(picture, THUMBNAIL)).toString("base64");
}
