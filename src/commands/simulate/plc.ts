import { Command, InvalidArgumentError, Option } from "commander";
import { MACHINE_FILES } from "../../config/config-files.ts";
import { loadConfig } from "../../config/load.ts";
import { rejectSchema } from "../../config/reject-schema.ts";
import { EXIT_CODES, InputError } from "../../domain/errors.ts";
import { textTable } from "../../evaluation/table.ts";
import { planLine, type ModbusReject, type PlanOptions } from "../../plc/simulator/line-plan.ts";
import { lineTable, type LineRun } from "../../plc/simulator/line-table.ts";
import { SimulatedLine, type Address, type LineOptions, type PlcMode } from "../../plc/simulator/line.ts";
import { TerminalView } from "../terminal-view.ts";
import { runRates } from "./run-rates.ts";

interface Flags {
  readonly config?: string;
  readonly station?: Address;
  readonly coils: Address;
  readonly cameras: number;
  readonly rate: readonly number[];
  readonly minutes: number;
  readonly parts?: number;
  readonly mode: PlcMode;
  readonly rude?: true;
  readonly stops?: true;
  readonly distanceMs: number;
  readonly leadMs: number;
  readonly pulseMs: number;
  readonly speed: number;
  readonly partLength: number;
  readonly jitter: number;
  readonly scan: number;
  readonly seed: number;
  readonly json?: true;
}

const STATION = "127.0.0.1:1502";
const COILS = "127.0.0.1:1503";
const REJECT = rejectSchema.parse({ kind: "modbus", host: "127.0.0.1" }) as ModbusReject;
/** Register in which camera 1 shows that it lives; the others follow. */
const FIRST_HEARTBEAT = 100;

const HELP = `
Give the station's own configuration (--config config/line.yaml), or say the same by flags. Without a file the station is expected
to have plc.modbus on --station, and for camera n the output
reject: { kind: modbus, port: 1503, coil: n-1, heartbeat: { kind: register, address: 99+n },
          track: { kind: time, distanceMs: 600, leadMs: 15, pulseMs: 20 } }.
The exit code is 1 if a part is unaccounted for, or escaped: went by without an OK of every camera.
With --json the last line of stdout is one object: passed, and runs with the rows of the table, times in ms.`;

/** `assayd simulate plc`: a PLC with a conveyor, an encoder and an ejector, beside a real station. */
export function simulatePlcCommand(): Command {
  return new Command("plc")
    .description("Run parts past a station as its PLC would, and count what becomes of every one of them")
    .option("-c, --config <file>", "the station's configuration: where its PLC and its ejectors are")
    .addOption(
      addressOption("--station <host:port>", `the station's Modbus TCP server (default: ${STATION})`),
    )
    .addOption(
      addressOption("--coils <host:port>", "where the station writes its reject outputs: served here")
        .default(address(COILS), COILS)
        .conflicts("config"),
    )
    .addOption(ofFlags("--cameras <n>", "cameras of the station, all before one ejector", wholeNumber, 1))
    .option("--rate <list>", "parts per second, one run for each", rates, [5])
    .option("--minutes <n>", "length of a run", aboveZero, 1)
    .option("--parts <n>", "parts of a run, in place of its length", wholeNumber)
    .addOption(
      new Option("--mode <mode>", "results one at a time, or queued (BufferEnable)")
        .choices(["handshake", "buffered"] satisfies PlcMode[])
        .default("buffered" satisfies PlcMode),
    )
    .option("--rude", "first a badly written PLC: early and missing acknowledgements, storms, cut cables")
    .option("--stops", "the belt stands and slows down now and then (the station needs an encoder)")
    .addOption(ofFlags("--distance-ms <ms>", "from the cameras to the ejector", aboveZero, 600))
    .addOption(ofFlags("--lead-ms <ms>", "the ejector acts so much before a part's middle", notNegative, 15))
    .addOption(ofFlags("--pulse-ms <ms>", "to so much after it", aboveZero, 20))
    .option("--speed <mm/s>", "of the belt", aboveZero, 500)
    .option("--part-length <mm>", "along the belt", aboveZero, 5)
    .option("--jitter <share>", "how unevenly parts lie, of their spacing", share, 0.1)
    .option("--scan <ms>", "cycle of the PLC's program", aboveZero, 5)
    .option("--seed <n>", "another seed, other spacings", wholeNumber, 1)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(simulatePlc);
}

async function simulatePlc(flags: Flags): Promise<void> {
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const stop = new AbortController();
  const onInterrupt = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on("SIGINT", onInterrupt).on("SIGTERM", onInterrupt);
  const runs = await runRates({
    line: new SimulatedLine(lineOptions(flags), () => performance.now()),
    rates: flags.rate,
    partsAt: (rate) => flags.parts ?? Math.ceil(rate * flags.minutes * 60),
    rude: flags.rude === true,
    view,
    signal: stop.signal,
  });
  process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  view.say(`\n${textTable(lineTable(runs))}`);
  const passed = runs.every(isSound);
  view.say(
    passed ? "\nEvery part is accounted for, none escaped." : "\nFAILED: see the rows that must be 0.",
  );
  if (flags.json) process.stdout.write(`${JSON.stringify({ passed, runs })}\n`);
  process.exitCode = passed ? EXIT_CODES.ok : EXIT_CODES.failed;
}

function isSound({ unaccounted, escaped }: LineRun): boolean {
  return unaccounted === 0 && escaped === 0;
}

function lineOptions(flags: Flags): LineOptions {
  return {
    ...planLine({ ...stationSide(flags), speedMmPerS: flags.speed }),
    mode: flags.mode,
    partMm: flags.partLength,
    jitter: flags.jitter,
    stops: flags.stops === true,
    scanMs: flags.scan,
    seed: flags.seed,
  };
}

/** What the station is configured to do, by its file or by flags. */
function stationSide(flags: Flags): Pick<PlanOptions, "station" | "rejects"> {
  if (flags.config === undefined)
    return { station: flags.station ?? address(STATION), rejects: rejectsOfFlags(flags) };
  const { plc, cameras } = loadConfig(flags.config, process.env, MACHINE_FILES);
  const { host, port } = plc.modbus;
  const rejects = cameras.map(({ name, reject }) => {
    if (reject.kind === "modbus") return reject;
    throw new InputError(
      "output-not-modbus",
      `Camera ${name} has reject.kind ${reject.kind}; the simulated PLC can only be switched by "modbus".`,
    );
  });
  return { station: flags.station ?? { host: host === "0.0.0.0" ? "127.0.0.1" : host, port }, rejects };
}

function rejectsOfFlags({ cameras, coils, distanceMs, leadMs, pulseMs }: Flags): ModbusReject[] {
  return Array.from({ length: cameras }, (_, coil) => ({
    ...REJECT,
    ...coils,
    coil,
    heartbeat: { kind: "register", address: FIRST_HEARTBEAT + coil, everyMs: 100 },
    track: { kind: "time", distanceMs, leadMs, pulseMs },
  }));
}

/** An option that says what the station's file would. */
function ofFlags<T>(flags: string, words: string, parse: (text: string) => T, usual: T): Option {
  return new Option(flags, words).argParser(parse).default(usual).conflicts("config");
}

function addressOption(flags: string, words: string): Option {
  return new Option(flags, words).argParser(address);
}

function address(text: string): Address {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new InvalidArgumentError("HOST:PORT is expected, such as 127.0.0.1:1502.");
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}

function rates(text: string): readonly number[] {
  return text.split(",").map(aboveZero);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("A whole number above 0 is expected.");
}

function aboveZero(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("A number above 0 is expected.");
}

function notNegative(text: string): number {
  return Number(text) === 0 && text.trim() !== "" ? 0 : aboveZero(text);
}

function share(text: string): number {
  const value = notNegative(text);
  if (value <= 0.4) return value;
  throw new InvalidArgumentError("A number from 0 to 0.4 is expected.");
}
