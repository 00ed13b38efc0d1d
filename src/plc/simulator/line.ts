import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../domain/errors.ts";
import { createRandom } from "../../graph/random.ts";
import { partPositions, restlessMotion, steadyMotion, travelledMm, type Motion } from "./belt.ts";
import { Conveyor, type ActingWindow, type ConveyorEvent, type Place } from "./conveyor.ts";
import { EjectorServer, type EjectorCoil } from "./ejector-server.ts";
import { letsPass, noteChange } from "./ejector.ts";
import {
  emptyLedger,
  noteAnswer,
  noteEjector,
  noteFault,
  noteTrigger,
  tagOf,
  type Ledger,
} from "./ledger.ts";
import { summarizeLine, type LineSummary, type StationCounts } from "./line-summary.ts";
import type { RestingState } from "./output-error.ts";
import { RudePlc, type Manners } from "./rude.ts";
import { StationLink } from "./station-link.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `handshake`: one result at a time; `buffered`: results queue. */
export type PlcMode = "handshake" | "buffered";

export interface LineOptions {
  /** The station's Modbus TCP server. */
  readonly station: Address;
  /** Where the station writes its reject outputs: the PLC's own server. */
  readonly coils: Address & { readonly ejectors: readonly EjectorCoil[] };
  /** What an energised coil makes the ejectors do. */
  readonly energised: "pass" | "reject";
  readonly restingState: RestingState;
  readonly window: ActingWindow;
  readonly mode: PlcMode;
  /** Modbus unit of each camera. */
  readonly units: readonly number[];
  readonly places: readonly Place[];
  readonly speedMmPerS: number;
  readonly partMm: number;
  readonly countsPerMm: number;
  /** How unevenly parts lie, a share of their spacing, 0..0.4. */
  readonly jitter: number;
  /** The belt now and then stands or slows down; only an encoder can follow that. */
  readonly stops: boolean;
  readonly scanMs: number;
  readonly seed: number;
}

export interface RunOptions {
  readonly partsPerSecond: number;
  readonly parts: number;
  readonly manners: Manners;
  readonly signal: AbortSignal;
  /** Called a few times a second. */
  readonly onProgress: (ledger: Ledger) => void;
}

const TICK_MS = 20;
const PROGRESS_EVERY_MS = 250;
const READY_WITHIN_MS = 30_000;
/** For the answers of the last parts. */
const DRAIN_MS = 3000;
/** A planned change of the ejector is looked for this far from its moment, and never as far as the next part. */
const TOLERANCE_MS = 50;

/** A PLC with its conveyor, encoder and ejectors, in real time, beside a real station. */
export class SimulatedLine {
  readonly #options: LineOptions;
  readonly #links: readonly StationLink[];
  readonly #rude: readonly RudePlc[];
  readonly #ejectors: EjectorServer;
  readonly #now: () => number;
  /** What each ejector does now. */
  readonly #passing: boolean[];
  #ledger: Ledger;
  #startedAt = 0;
  #firstPart = 0;
  /** Of earlier runs: an encoder goes on counting. */
  #travelledMm = 0;

  /** @param now monotonic ms */
  constructor(options: LineOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#ledger = emptyLedger(options.units.length);
    this.#passing = options.units.map(() => options.energised === "reject");
    this.#rude = options.units.map((unit) => new RudePlc(createRandom(options.seed + unit)));
    this.#links = options.units.map((unit, camera) => this.#createLink(unit, camera));
    this.#ejectors = new EjectorServer({
      ...options.coils,
      now,
      onCoil: (camera, energised, at) => {
        const passing = energised === (options.energised === "pass");
        this.#passing[camera] = passing;
        noteChange(this.#ledger.changes[camera]!, { at: at - this.#startedAt, passing });
      },
    });
  }

  /** Serves the outputs and connects. @throws InputError if the outputs cannot be served */
  async start(): Promise<void> {
    await this.#ejectors.start();
    for (const link of this.#links) link.start();
  }

  /** Waits until every camera is Ready. @throws InputError if that does not come about */
  async ready(signal: AbortSignal): Promise<void> {
    const until = this.#now() + READY_WITHIN_MS;
    for (let trouble = this.#trouble(); trouble !== null; trouble = this.#trouble()) {
      if (this.#now() > until) throw new InputError("station-not-ready", trouble);
      await sleep(TICK_MS, undefined, { signal });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.stop()));
    await this.#ejectors.stop();
  }

  /** Lets so many parts pass at this rate, and waits for the last answer. The signal ends it early: no new parts come. */
  async run({ partsPerSecond, parts, manners, signal, onProgress }: RunOptions): Promise<LineSummary> {
    const { speedMmPerS, stops, seed } = this.#options;
    const random = createRandom(seed);
    const lastsMs = (1000 * parts) / partsPerSecond;
    const motion = stops ? restlessMotion(speedMmPerS, lastsMs, random) : steadyMotion(speedMmPerS);
    const spacingMm = speedMmPerS / partsPerSecond;
    const partsMm = partPositions({ parts, spacingMm, jitter: this.#options.jitter }, random);
    const conveyor = new Conveyor({ ...this.#options, motion, partsMm });
    const before = await this.#counts();
    this.#begin(manners);
    let toldMs = -Infinity;
    while (conveyor.nextMs !== null) {
      const nowMs = this.#beltMs();
      if (signal.aborted) conveyor.endFeed();
      for (let event = conveyor.take(nowMs); event; event = conveyor.take(nowMs))
        this.#follow(event, conveyor);
      this.#tick(motion, nowMs);
      if (nowMs - toldMs >= PROGRESS_EVERY_MS) {
        onProgress(this.#ledger);
        toldMs = nowMs;
      }
      const wakeMs = this.#beltMs() + Math.min(TICK_MS, Math.max(0, conveyor.nextMs - this.#beltMs()));
      await sleep(wakeMs - this.#beltMs());
      this.#ledger.lateMs.push(Math.max(0, this.#beltMs() - wakeMs));
    }
    await this.#drain();
    this.#travelledMm += travelledMm(motion, this.#beltMs());
    this.#firstPart += parts;
    onProgress(this.#ledger);
    for (const rude of this.#rude) rude.manners = "polite";
    const after = await this.#counts();
    return summarizeLine(this.#ledger, {
      restingState: this.#options.restingState,
      toleranceMs: Math.min(TOLERANCE_MS, 500 / partsPerSecond),
      unreadIsNormal: manners === "rude",
      counts: before &&
        after && {
          missed: after.missed - before.missed,
          lostResults: after.lostResults - before.lostResults,
        },
    });
  }

  #begin(manners: Manners): void {
    const { changes } = this.#ledger;
    this.#ledger = emptyLedger(changes.length);
    this.#startedAt = this.#now();
    for (const rude of this.#rude) rude.manners = manners;
    for (const [camera, passing] of this.#passing.entries())
      noteChange(this.#ledger.changes[camera]!, { at: 0, passing });
  }

  #follow(event: ConveyorEvent, conveyor: Conveyor): void {
    const { camera } = event;
    const part = this.#firstPart + event.part;
    if (event.kind === "at-camera") {
      const asked = this.#links[camera]!.trigger(tagOf(part));
      noteTrigger(this.#ledger, { part, camera, triggeredAt: event.at, asked });
      return;
    }
    const passed = letsPass(this.#ledger.changes[camera]!, event.fromMs, event.untilMs);
    if (!passed) conveyor.eject(event.part);
    noteEjector(this.#ledger, { part, camera }, { ...event, passed });
  }

  /** What a PLC does all the time, besides scanning. */
  #tick(motion: Motion, nowMs: number): void {
    const counts = Math.round((this.#travelledMm + travelledMm(motion, nowMs)) * this.#options.countsPerMm);
    for (const [camera, link] of this.#links.entries()) {
      link.encoder(counts);
      this.#rude[camera]!.act(link, nowMs);
    }
  }

  async #drain(): Promise<void> {
    const until = this.#now() + DRAIN_MS;
    const isOpen = (): boolean =>
      this.#ledger.passes.some(({ asked, answers }) => asked && answers.length === 0);
    while (isOpen() && this.#now() < until) await sleep(TICK_MS);
  }

  async #counts(): Promise<StationCounts | null> {
    const all = await Promise.all(this.#links.map((link) => link.counts())).catch(() => null);
    return (
      all && {
        missed: all.reduce((sum, { missed }) => sum + missed, 0),
        lostResults: all.reduce((sum, { lostResults }) => sum + lostResults, 0),
      }
    );
  }

  /** Why the line cannot begin, in words; null if it can. */
  #trouble(): string | null {
    const { station, units } = this.#options;
    for (const [camera, link] of this.#links.entries()) {
      const where = `The station at ${station.host}:${station.port}`;
      if (link.error !== null)
        return `${where} cannot be reached (${link.error}). Is it running, with plc.modbus enabled on this port?`;
      if (link.seen?.status.ready !== true)
        return `${where} does not say Ready for camera ${units[camera]} (fault code ${link.seen?.faultCode ?? "unknown"}, docs/plc.md). Has it a model, a camera, and outputs that it reaches?`;
    }
    return null;
  }

  #createLink(unit: number, camera: number): StationLink {
    const { station, mode, scanMs } = this.#options;
    const rude = this.#rude[camera]!;
    return new StationLink({
      ...station,
      unit,
      buffered: mode !== "handshake",
      scanMs,
      onAnswer: (answer) => {
        noteAnswer(this.#ledger, camera, answer, this.#beltMs());
      },
      onFault: (code) => {
        noteFault(this.#ledger, code);
      },
      meddle: (wanted, before) => rude.meddle(wanted, before),
    });
  }

  /** The belt's clock: ms since the run began. */
  #beltMs(): number {
    return this.#now() - this.#startedAt;
  }
}
