/** A picture of a part that people labelled bad. */
export interface ChallengePicture {
  /** Its inspection id, or the file's name. */
  readonly id: string;
}

export interface ChallengeOptions<P extends ChallengePicture> {
  readonly pictures: readonly P[];
  /** The active model's word on a picture. @throws if it cannot be scored */
  readonly judge: (picture: P) => Promise<{ readonly score: number; readonly threshold: number }>;
  readonly onProgress: (done: number) => void;
  readonly signal: AbortSignal;
}

export interface ChallengeResult {
  readonly total: number;
  /** Scored above the threshold. */
  readonly caught: number;
  /** Those that would have passed, lowest score first (at most 20). */
  readonly missed: readonly { readonly id: string; readonly score: number | null }[];
}

const NAMED = 20;

/** Scores known defects with the active model: one that is not above the threshold would be missed again. A picture that cannot be scored counts as missed: being caught must be proven. */
export async function runChallenge<P extends ChallengePicture>({
  pictures,
  judge,
  onProgress,
  signal,
}: ChallengeOptions<P>): Promise<ChallengeResult> {
  const missed: { id: string; score: number | null }[] = [];
  let done = 0;
  for (const picture of pictures) {
    signal.throwIfAborted();
    const judged = await judge(picture).catch(() => null);
    if (judged === null || !(judged.score > judged.threshold)) {
      missed.push({ id: picture.id, score: judged?.score ?? null });
    }
    onProgress((done += 1));
  }
  const weakest = missed.toSorted((a, b) => (a.score ?? -Infinity) - (b.score ?? -Infinity));
  return { total: pictures.length, caught: pictures.length - missed.length, missed: weakest.slice(0, NAMED) };
}
