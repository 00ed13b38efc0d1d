import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import type { z } from "zod";
import type { cameraSchema } from "../../src/config/schema.ts";
import { type BrokerConfig, type Config } from "../../src/config/schema.ts";
import type { Inspection } from "../../src/domain/inspection.ts";
import { Station, type StationOptions } from "../../src/station/station.ts";
import { resultSchema, type Result } from "../../src/messaging/schemas/camera.ts";
import { responseSchema, type CommandName } from "../../src/messaging/schemas/command.ts";
import { Subscriber, until } from "../messaging/plant.ts";
import { quickConfig } from "./quick-training.ts";

const EMBEDDED: BrokerConfig = { kind: "embedded", host: "127.0.0.1", port: 0 };

export interface TestStationOptions {
  readonly stateDir: string;
  readonly camera?: z.input<typeof cameraSchema>;
  readonly broker?: BrokerConfig;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly entries?: StationOptions["entries"];
}

/** A station, what it decided, and what the plant heard of it. */
export interface TestStation {
  readonly station: Station;
  readonly config: Config;
  /** Every verdict, in the order in which they acted. */
  readonly verdicts: Inspection[];
}

/** A whole station with quick settings, ended with the test. */
export async function startStation(options: TestStationOptions): Promise<TestStation> {
  const config = quickConfig(options.stateDir, {
    cameras: [options.camera ?? {}],
    broker: options.broker ?? EMBEDDED,
    ...options.config,
  });
  const verdicts: Inspection[] = [];
  const station = await Station.create({
    config,
    logger: pino({ level: process.env.ASSAYD_TEST_LOG ?? "silent" }),
    software: "0.0.0-test",
    ...(options.entries && { entries: options.entries }),
    onInspection: (inspection) => verdicts.push(inspection),
  });
  onTestFinished(() => station.stop());
  await station.start();
  return { station, config, verdicts };
}

/** Someone at the plant: hears everything, sends commands. */
export class Plant {
  readonly heard: Subscriber;
  #transactions = 0;

  private constructor(heard: Subscriber) {
    this.heard = heard;
  }

  static async at(url: string, options: object = {}): Promise<Plant> {
    const heard = await Subscriber.to(url, undefined, options);
    onTestFinished(() => heard.end());
    return new Plant(heard);
  }

  /** Sends a command and gives its answer. */
  async ask(name: CommandName | (string & {}), params: object | string = {}, timeoutMs = 20_000) {
    const before = this.heard.on(`rsp/${name}`).length;
    this.#transactions += 1;
    const transaction = `test-${this.#transactions}`;
    const payload = typeof params === "string" ? params : JSON.stringify({ ...params, transaction });
    await this.heard.client.publishAsync(`assay/v1/st1/cmd/${name}`, payload, { qos: 1 });
    const answers = () => this.heard.on(`rsp/${name}`).slice(before);
    const mine = () =>
      answers()
        .map(({ text }) => responseSchema.parse(JSON.parse(text)))
        .find((answer) => typeof params === "string" || answer.transaction === transaction);
    await until(`answer to ${name}`, () => mine() !== undefined, timeoutMs);
    return responseSchema.parse(mine());
  }

  /** All results so far, each checked by its schema; without repetitions, which must say the same. */
  results(): Result[] {
    const byId = new Map<string, Result>();
    for (const json of this.heard.json("cam/cam1/result")) {
      const result = resultSchema.parse(json);
      const known = byId.get(result.inspection_id);
      if (known) expect({ ...result, historical: null }).toEqual({ ...known, historical: null });
      else byId.set(result.inspection_id, result);
    }
    return [...byId.values()];
  }

  /** Waits until `count` more results than now fulfil `wanted`. */
  async more(
    count: number,
    wanted: (result: Result) => boolean = () => true,
    timeoutMs = 60_000,
  ): Promise<Result[]> {
    const before = this.heard.on("cam/cam1/result").length;
    const found = () =>
      this.heard
        .json("cam/cam1/result")
        .slice(before)
        .map((json) => resultSchema.parse(json))
        .filter(wanted);
    await until(`${count} more results`, () => found().length >= count, timeoutMs);
    return found();
  }
}

/** Every trigger has exactly one verdict, one record and one result, in order; call it when the station has been stopped. */
export function expectOneAnswerEach(results: readonly Result[], { verdicts, station }: TestStation): void {
  const seqs = results.map(({ seq }) => seq);
  const first = seqs[0] ?? 1;
  expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => first + index));
  expect(seqs.at(-1)).toBe(station.line(undefined).lastSeq);
  expect(new Set(results.map(({ trigger_id }) => trigger_id)).size).toBe(results.length);
  const acted = new Map(verdicts.map((verdict) => [verdict.inspectionId, verdict]));
  expect(acted.size).toBe(verdicts.length);
  for (const { inspection_id, verdict, action, reason, seq } of results) {
    expect(acted.get(inspection_id)).toMatchObject({ verdict, action, reason, seq });
    if (verdict === "ERR") expect(action).toBe("reject");
  }
}

/** True while a process exists. */
export function isAlive(pid: number | null | undefined): boolean {
  try {
    return typeof pid === "number" && process.kill(pid, 0);
  } catch {
    return false;
  }
}
