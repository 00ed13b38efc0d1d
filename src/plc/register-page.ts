import {
  COMMAND_ERRORS,
  COMMANDS,
  CONTROL_BITS,
  FAULT_CODES,
  MAP_VERSION,
  PLC_REGISTERS,
  REASON_CODES,
  RECIPE_ERRORS,
  STATION_REGISTERS,
  STATUS_BITS,
  VERDICT_CODES,
  wordsOf,
  type Command,
  type ControlBit,
  type Register,
  type StatusBit,
} from "./register-map.ts";

const CONTROL_TEXTS = {
  triggerEnable: "triggers of this PLC are wanted; without it Ready stays off",
  trigger: "rising edge: a part is in front of the camera; take it back after TriggerAck",
  resultsAck: "rising edge: the result is read; take it back after ResultsValid has gone off",
  bufferEnable: "keep results until they are acknowledged, and allow several parts under way",
  faultReset: "rising edge: end faults whose cause is gone, TriggerMissed, BufferOverrun and a recipe error",
  recipeStrobe: "rising edge: use the recipe of RecipeNumber",
  bypass: "with BypassKey: let all parts pass unjudged; ends with the bit, the key or the heartbeat",
  countersReset: "rising edge: all counts begin at 0",
  plcHeartbeat: "change it at least every half second where `heartbeat: required` is set",
} as const satisfies Record<ControlBit, string>;

const STATUS_TEXTS = {
  ready: "the next Trigger edge will be judged: line, faults, recipe and heartbeat are good",
  triggerAck: "follows Trigger",
  busy: "a part is under way",
  resultsValid: "the result registers hold a result that is not acknowledged",
  resultToggle: "changes with every result shown",
  ok: "let it pass; exactly one of OK, NG and ERR is on while ResultsValid is",
  ng: "reject it (also WARN, where the recipe rejects or holds the grey zone)",
  err: "no judgement could be made: reject it; Reason says why",
  triggerMissed: "a Trigger came while not Ready: its part is ERR; stays until FaultReset",
  bufferOverrun: "a result found the buffer full; stays until FaultReset",
  fault: "FaultCode says which; stays until FaultReset, also if the cause is gone",
  warning: "works, but somebody should look: WarningCode",
  recipeReady: "the recipe asked for last is in use",
  training: "a model is being trained",
  bypassActive: "parts pass unjudged",
  heartbeat: "changes every 250 ms; treat more than 1 s without a change as a stop",
} as const satisfies Record<StatusBit, string>;

const COMMAND_TEXTS = {
  None: "take the last command back",
  SelectModeAutomatic: "as StartContinuous",
  PrepareRecipe: "use the recipe of RecipeNumber; echoed when it is in use",
  UnprepareRecipe: "as Stop",
  StartSingleJob: "one part, as a Trigger edge; TriggerEnable is not needed",
  StartContinuous: "switch inspection on",
  Halt: "as Stop",
  Reset: "as FaultReset",
  Stop: "switch inspection off",
  Abort: "as Stop",
  DequeueResult: "as ResultsAck: the next result is shown at once",
  AcknowledgeError: "as FaultReset",
} as const satisfies Record<Command, string>;

const INTRODUCTION = `# PLC over Modbus TCP

The station is the server. Switch it on by \`plc.modbus.enabled\`; every key is in [config/assayd.yaml](../config/assayd.yaml).
This page is made from \`src/plc/register-map.ts\` (version ${MAP_VERSION} of the map) by \`npm run schema\`.

- **Units.** Unit n is camera n in the order of the configuration; units 0 and 255 are camera 1.
- **Addresses** are those on the wire, from 0. A PLC that counts from 1 adds 1 (or 40001 and 30001).
- **Values of 32 bits** take two registers, high word first; bytes are big-endian.
- **Bits** of the control and status words are also coils and discrete inputs 0 to 15.
- **Functions** 1 to 6, 15, 16, 22 and 23. A request is one moment: what it reads belongs together, what it writes takes effect as a
  whole. Addresses that do not exist get exception 2, values that may not be exception 3, units without a camera exception 11.
- **Nothing is polled**: each write acts when it arrives, so a Trigger of a millisecond is not lost.
- **Port 502** needs a right that the service does not have: take a port from 1024 on, or give the unit (\`systemctl edit assayd\`)
  \`CapabilityBoundingSet=CAP_NET_BIND_SERVICE\` and \`AmbientCapabilities=CAP_NET_BIND_SERVICE\`. Modbus has no password: list the PLC in \`allow\`.
- **It is no safety device** (no claim under ISO 13849).

## One part

1. Ready is on. The PLC writes TriggerTag (and PartId), then sets Trigger; one request for both is best: registers 0 and 1.
2. TriggerAck follows, Ready goes off, Busy comes on. The PLC takes Trigger back.
3. The result comes: ResultsValid, exactly one of OK, NG and ERR, ResultNo one higher, ResultToggle changed. The PLC reads input
   registers 0 to 19 in one request and compares ResultTag.
4. The PLC sets ResultsAck; ResultsValid, the verdict and the bits go off. The PLC takes ResultsAck back; the next result may come.

Every Trigger edge gets exactly one result. One that came while not Ready gets ERR with its tag, TriggerMissed and a count, and its
part is rejected. Only OK, seen in time, is a pass: no result, two results or a wrong tag must mean reject in the PLC as well.

Without BufferEnable a newer result takes the place of one that was not acknowledged. With it, results wait in order
(\`bufferDepth\`, one of them shown); a full buffer keeps what it has, drops the new result and sets BufferOverrun, and FaultReset
then empties it. Either way the number jumps and LostResults counts. An ack before its result means nothing, and while
ResultsAck is held on no result is shown.

A recipe that does not exist or cannot be loaded leaves the old one in use, but RecipeReady and Ready off, until another is selected
or FaultReset says to go on with the old one. Faults while the station starts up end by themselves; after the first Ready
each waits for FaultReset.

An ack ends the result that is shown at that moment. A PLC that triggers before it has acknowledged, without BufferEnable, may end a
result it has not read: the number jumps.
`;

/** docs/plc.md, in Markdown. */
export function registerPage(): string {
  return [
    INTRODUCTION,
    "## Control word (PLC → station): holding register 0, coils 0 to 15",
    table(["bit", "name", "meaning"], bitRows(CONTROL_BITS, CONTROL_TEXTS)),
    "## Status word (station → PLC): input register 0, discrete inputs 0 to 15",
    table(["bit", "name", "meaning"], bitRows(STATUS_BITS, STATUS_TEXTS)),
    "## Holding registers (PLC → station)",
    table(["address", "name", "type", "meaning"], registerRows(PLC_REGISTERS)),
    "## Input registers (station → PLC)",
    table(["address", "name", "type", "meaning"], registerRows(STATION_REGISTERS)),
    "## Codes",
    `Verdict: ${codes(VERDICT_CODES)}.`,
    `Reason: ${codes(REASON_CODES)}.`,
    `Fault and warning: ${codes(FAULT_CODES)}. The words are on MQTT.`,
    `RecipeError: ${codes(RECIPE_ERRORS)}.`,
    "## Commands in place of control bits",
    "The vocabulary of MVTec MERLIC: write a number to Command, wait until CommandEcho shows it, read CommandError, write 0.",
    table(["number", "command", "meaning"], bitRows(COMMANDS, COMMAND_TEXTS)),
    `CommandError: ${codes(COMMAND_ERRORS)}.`,
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function bitRows<Bit extends string>(
  places: Readonly<Record<Bit, number>>,
  texts: Readonly<Record<Bit, string>>,
): string[][] {
  return (Object.entries(places) as [Bit, number][]).map(([bit, place]) => [
    String(place),
    title(bit),
    texts[bit],
  ]);
}

function registerRows(registers: Readonly<Record<string, Register>>): string[][] {
  return Object.entries(registers).map(([name, register]) => [
    span(register),
    title(name),
    register.type,
    register.text,
  ]);
}

function span(register: Register): string {
  const words = wordsOf(register);
  const { address } = register;
  return words === 1 ? String(address) : `${address}–${address + words - 1}`;
}

/** `triggerAck` → `TriggerAck`; the verdicts as everywhere: `OK`. */
function title(name: string): string {
  return ["ok", "ng", "err"].includes(name)
    ? name.toUpperCase()
    : name.charAt(0).toUpperCase() + name.slice(1);
}

function codes(names: Readonly<Record<string, number>>): string {
  return Object.entries(names)
    .map(([name, code]) => `${code} ${name}`)
    .join(", ");
}
