import { GpioOutput } from "../../../src/plc/outputs/gpio-output.ts";
import { realClock } from "../../../src/plc/reject/precise-timer.ts";

/** A process that holds line 17 energised until it is killed. */
const output = new GpioOutput({
  chip: "gpiochip0",
  line: 17,
  activeLow: false,
  clock: realClock,
  onFault: () => undefined,
});
output.set(true);
output.start();
