import { InputError } from "../../domain/errors.ts";
import type { LineView, StationActions } from "../../domain/station-view.ts";
import type { DeviceWish } from "./read-commands.ts";

/** Does what a host asked of a device. @throws InputError in words where the station does not do it */
export async function doWish(
  wish: DeviceWish,
  line: LineView,
  actions: StationActions,
  by: string,
): Promise<void> {
  const { name: camera, threshold } = line;
  switch (wish.kind) {
    case "start":
      return actions.start(camera, by);
    case "stop":
      return actions.stop(camera, by);
    case "reset":
      return actions.reset(camera, by);
    case "reset-counters":
      return actions.resetCounters(camera, by);
    case "start-training":
      await actions.startTraining(camera, by);
      return;
    case "select-recipe":
      await actions.selectRecipe(camera, wish.recipe, by);
      return;
    case "set-threshold": {
      const { warn } = threshold;
      if (warn !== null && warn > wish.reject) {
        throw new InputError(
          "sparkplug-value",
          `A threshold of ${wish.reject} is below the warn threshold of ${warn}. Lower that first (cmd/threshold.set).`,
        );
      }
      return actions.setThreshold(camera, { reject: wish.reject, warn }, by);
    }
  }
}
