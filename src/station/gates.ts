import type { RejectConfig } from "../config/reject-schema.ts";
import type { Action } from "../domain/inspection.ts";
import type { Ejection } from "../store/protocol.ts";
import { createRejectGate } from "../plc/reject/create-reject-gate.ts";
import type { RejectGate, RejectGateStatus } from "../plc/reject/reject-gate.ts";
import type { EjectedPart } from "../plc/reject/tracker.ts";
import type { PartGate } from "../inspection/line-parts.ts";

type Outcome = Ejection["outcome"];

export interface StationGatesParts {
  readonly cameras: readonly { readonly name: string; readonly reject: RejectConfig }[];
  /** A part has left the ejector. @param errorMs switched so much later than planned */
  readonly onEjected: (
    camera: string,
    part: { readonly seq: number; readonly outcome: Outcome; readonly errorMs: number | null },
  ) => void;
  /** What keeps a gate from doing its work, or null. */
  readonly onFault: (camera: string, fault: { readonly code: string; readonly text: string } | null) => void;
}

/** The reject outputs of all cameras that have one. */
export class StationGates {
  readonly #gates = new Map<string, RejectGate>();
  /** What was decided for the parts that are still on their way, by camera and `seq`. */
  readonly #decided = new Map<string, Map<string, Action>>();

  constructor({ cameras, onEjected, onFault }: StationGatesParts) {
    for (const { name, reject } of cameras) {
      const gate = createRejectGate(reject, {
        onEjected: (part) => {
          const decided = this.#decided.get(name);
          const outcome = outcomeOf(part, decided?.get(part.id) ?? null);
          decided?.delete(part.id);
          onEjected(name, { seq: Number(part.id), outcome, errorMs: part.errorMs });
        },
        onFault: () => {
          onFault(name, this.#gates.get(name)?.faults[0] ?? null);
        },
      });
      if (!gate) continue;
      this.#gates.set(name, gate);
      this.#decided.set(name, new Map());
    }
  }

  /** As a line sees it: parts by their `seq`. */
  of(camera: string): PartGate | null {
    const gate = this.#gates.get(camera);
    const decided = this.#decided.get(camera);
    if (!gate || !decided) return null;
    return {
      part: ({ seq, at }) => {
        gate.part({ id: String(seq), at });
      },
      verdict: (seq, action) => {
        if (gate.verdict(String(seq), action)) decided.set(String(seq), action);
      },
    };
  }

  status(camera: string): RejectGateStatus | null {
    return this.#gates.get(camera)?.status ?? null;
  }

  /** Rejects everything at first: nobody knows what is on the conveyors. */
  start(): void {
    for (const gate of this.#gates.values()) gate.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#gates.values()].map((gate) => gate.stop()));
  }

  /** @param at monotonic ms */
  encoder(camera: string, counts: number, at: number): void {
    this.#gates.get(camera)?.encoder(counts, at);
  }

  /** Acknowledges faults whose cause is gone. */
  reset(camera: string): void {
    this.#gates.get(camera)?.reset();
  }

  /** Triggers may have been missed: what is on the way counts as unknown. */
  loseTrack(camera: string): void {
    this.#gates.get(camera)?.loseTrack();
  }
}

/** @param decided what was decided in time, or null */
function outcomeOf({ ejected, proven }: EjectedPart, decided: Action | null): Outcome {
  if (ejected === "unknown" || (ejected === "pass" && !proven)) return "failed";
  if (ejected === "pass") return "passed";
  return decided === null ? "unproven" : "rejected";
}
