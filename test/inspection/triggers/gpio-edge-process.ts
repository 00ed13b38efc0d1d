import { GpioEdge } from "../../../src/inspection/triggers/gpio-edge.ts";
import { SYSTEM_TIMERS } from "../../../src/inspection/triggers/filter.ts";

/** Watches a line until somebody kills it. */
new GpioEdge({
  input: { kind: "gpio", chip: "gpiochip0", line: 17, edge: "rising", bias: "as-is" },
  timers: SYSTEM_TIMERS,
  onFault: () => undefined,
}).start(() => undefined);
setInterval(() => undefined, 1000);
