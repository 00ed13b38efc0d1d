import { onTestFinished } from "vitest";
import type { z } from "zod";
import type { rejectSchema } from "../../src/config/reject-schema.ts";
import { EjectorServer } from "../../src/plc/simulator/ejector-server.ts";
import { letsPass, noteChange, type EjectorChange } from "../../src/plc/simulator/ejector.ts";

const HEARTBEAT = { kind: "register", address: 1 } as const;

/** From the trigger to the part's arrival at the ejector, and how long that acts on it, ms. */
export const TRACK = { distanceMs: 500, leadMs: 8, pulseMs: 30 } as const;

/**
 * The PLC of a line: an ejector that lets a part pass only while the station holds its coil. With `watches` it lets go of the coil
 * when the station's live sign falls silent for half a second; without, the coil stays as it was.
 */
export class EjectorPlc {
  readonly changes: EjectorChange[] = [];
  readonly #server: EjectorServer;
  readonly #watches: boolean;

  private constructor(watches: boolean) {
    this.#watches = watches;
    this.#server = new EjectorServer({
      host: "127.0.0.1",
      port: 0,
      ejectors: [{ unit: 1, coil: 0, heartbeat: watches ? HEARTBEAT : null }],
      now: () => performance.now(),
      onCoil: (_, energised, at) => {
        noteChange(this.changes, { at, passing: energised });
      },
    });
  }

  /** Ended with the test. */
  static async start({ watches = true } = {}): Promise<EjectorPlc> {
    const plc = new EjectorPlc(watches);
    await plc.#server.start();
    onTestFinished(() => plc.#server.stop());
    return plc;
  }

  /** `reject` of the camera in front of it. */
  get reject(): Extract<z.input<typeof rejectSchema>, { kind: "modbus" }> {
    return {
      kind: "modbus",
      host: "127.0.0.1",
      port: this.#server.port,
      heartbeat: this.#watches ? { ...HEARTBEAT, everyMs: 50 } : null,
      timeoutMs: 5000, // this process shares the machine with the station: its silence is no fault
      lateMs: 500,
      track: { kind: "time", ...TRACK },
    };
  }

  /** True while parts go by. */
  get passing(): boolean {
    return this.changes.at(-1)?.passing ?? false;
  }

  /** True if a part went by that was triggered at this time, epoch ms; its middle is looked at, clocks may differ by some ms. */
  letPass({ triggeredAt }: { readonly triggeredAt: number }): boolean {
    const arrival = triggeredAt - (Date.now() - performance.now()) + TRACK.distanceMs;
    return letsPass(this.changes, arrival, arrival + TRACK.pulseMs - TRACK.leadMs);
  }
}
