import type { Inspection } from "../../domain/inspection.ts";

/** A part was seen. */
export interface TriggerEdge {
  /** When, monotonic ms. */
  readonly at: number;
  /** A PLC's number for the part. */
  readonly tag?: number;
  readonly partId?: string | null;
  /** What the caller calls it; left out: the line gives it a name. */
  readonly triggerId?: string;
  /** Somebody asked for it and waits: it is no bounce, whatever came before. */
  readonly answerTo?: (inspection: Promise<Inspection>) => void;
}

/** Something that says when a part is in front of the camera. */
export interface TriggerSource {
  /** Why it cannot see parts now, or null. */
  readonly fault: { readonly code: string; readonly text: string } | null;
  start(fire: (edge: TriggerEdge) => void): void;
  /** No edge comes after it resolves. */
  stop(): Promise<void>;
}
