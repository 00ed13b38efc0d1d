import type { RejectOutput } from "./reject-output.ts";

/** No wire at all: the ejector's state is only shown (MQTT, pages). */
export class DisplayOutput implements RejectOutput {
  readonly fault = null;
  readonly overtaken = 0;
  energised = false;

  start(): void {
    // there is nothing to connect
  }

  set(energised: boolean): void {
    this.energised = energised;
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
