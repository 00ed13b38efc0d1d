import { AssaydError } from "../domain/errors.ts";
import { makeModel, type Model } from "./model.ts";
import type { Work } from "./work.ts";

/**
 * A model without training, in seconds.
 * @returns null if there can be none; the job goes on without it, and the progress says why
 * @throws the signal's reason when cancelled
 */
export async function instantModel(work: Work): Promise<Model | null> {
  const { progress, signal } = work;
  const say = (done: number, message: string): void => {
    progress.stage("instant", { done, message });
  };
  say(0, "instant model");
  try {
    const model = await makeModel({
      ...work,
      progress: {
        get elapsedS() {
          return progress.elapsedS;
        },
        stage: (_, { message }) => {
          say(0, `instant model: ${message}`);
        },
        note: (message) => {
          say(0, `instant model: ${message}`);
        },
      },
    });
    say(1, `instant model ready after ${progress.elapsedS.toFixed(0)} s`);
    return model;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AssaydError)) throw error;
    say(1, `no instant model: ${error.message}`);
    return null;
  }
}
