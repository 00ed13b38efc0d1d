import { between, pick, type Random } from "../../simulator/draws.ts";
import type { LadderMemory } from "./ladder.ts";
import type { StationLink } from "./station-link.ts";

/** What a badly written PLC program does for a while. */
const SPELLS = ["polite", "ack-early", "ack-never", "no-live-sign", "storm", "cable-cut"] as const;
type Spell = (typeof SPELLS)[number];

export type Manners = "polite" | "rude";

const STORM_TRIGGERS = 30;
/** Tag of a storm's triggers: no part of ours. */
const NO_PART = 0;

/** A PLC that mistreats one camera's handshake, by spells, while it is not told to behave. */
export class RudePlc {
  readonly #random: Random;
  #spell: Spell = "polite";
  #endsAt = 0;
  #manners: Manners = "polite";

  constructor(random: Random) {
    this.#random = random;
  }

  set manners(manners: Manners) {
    this.#manners = manners;
    this.#spell = "polite";
    this.#endsAt = 0;
  }

  /** Begins the next spell if it is time; to be called often. */
  act(link: StationLink, nowMs: number): void {
    if (this.#manners === "polite" || nowMs < this.#endsAt) return;
    this.#spell = pick(this.#random, SPELLS);
    this.#endsAt = nowMs + between(this.#random, 300, 2500);
    if (this.#spell === "cable-cut") link.cut();
    if (this.#spell === "storm") for (let n = 0; n < STORM_TRIGGERS; n += 1) link.trigger(NO_PART);
  }

  /** The bits as this program leaves them; `before` are the ones that are set now. */
  meddle(wanted: LadderMemory, before: LadderMemory): LadderMemory {
    if (this.#spell === "ack-early") return { ...wanted, resultsAck: true };
    if (this.#spell === "ack-never") return { ...wanted, resultsAck: false };
    if (this.#spell === "no-live-sign") return { ...wanted, plcHeartbeat: before.plcHeartbeat };
    return wanted;
  }
}
