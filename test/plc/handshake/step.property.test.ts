import fc from "fast-check";
import { expect, it } from "vitest";
import type { HandshakeAction, NumberedResult, PartResult } from "../../../src/plc/handshake/handshake.ts";
import { shownFault } from "../../../src/plc/handshake/faults.ts";
import { acceptsPart, isReady } from "../../../src/plc/handshake/triggers.ts";
import { COMMANDS, CONTROL_BITS, type ControlBit } from "../../../src/plc/register-map.ts";
import { Machine, result } from "./machine.ts";

const bits = Object.keys(CONTROL_BITS) as ControlBit[];
const outcomes = ["done", "unknown-recipe", "failed"] as const;

const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ bit: fc.constantFrom(...bits), on: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ control: fc.dictionary(fc.constantFrom(...bits), fc.boolean()) }) },
  { weight: 1, arbitrary: fc.record({ command: fc.integer({ min: 0, max: 12 }) }) },
  { weight: 4, arbitrary: fc.record({ answer: fc.constantFrom("ok", "ng", "err") }) },
  { weight: 1, arbitrary: fc.record({ foreign: fc.constantFrom("ok", "ng", "err") }) },
  { weight: 1, arbitrary: fc.record({ end: fc.constantFrom(...outcomes) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      line: fc.record({
        ready: fc.boolean(),
        fault: fc.constantFrom(0, 0, 0, 10, 255),
        awaitsReset: fc.boolean(),
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 0, max: 3000 }) }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** Keeps account beside the machine: what was triggered, judged, shown and acknowledged. */
class Account {
  readonly machine: Machine;
  readonly open: number[] = [];
  readonly judged: PartResult[] = [];
  triggers = 0;
  answers = 0;
  acknowledged = 0;
  forgotten = 0;
  #shown: NumberedResult | null = null;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  do(event: Event): void {
    const { machine } = this;
    if ("wait" in event) machine.now += event.wait;
    if ("line" in event) machine.line = event.line;
    if ("foreign" in event) this.#judge(0, event.foreign);
    else if ("answer" in event) this.answer(event.answer);
    else if ("end" in event) {
      machine.step({ outcomes: [{ request: machine.state.requests, result: event.end }] });
    } else if ("bit" in event) this.#write({ control: { [event.bit]: event.on } });
    else if ("control" in event) this.#write({ control: event.control });
    else if ("command" in event) this.#write({ command: event.command });
    else machine.step();
    this.#check();
  }

  answer(bit: PartResult["bit"]): void {
    const tag = this.open.shift();
    if (tag !== undefined) {
      this.answers += 1;
      this.#judge(tag, bit);
    }
  }

  #judge(tag: number, bit: PartResult["bit"]): void {
    const part = result(tag, bit);
    this.judged.push(part);
    this.machine.judge(part);
  }

  #write(written: { control?: Partial<Record<ControlBit, boolean>>; command?: number }): void {
    const { machine } = this;
    const { plc, state } = machine;
    const rose = (bit: ControlBit): boolean => written.control?.[bit] === true && !plc.control[bit];
    const dequeues = written.command === COMMANDS.DequeueResult && plc.command !== written.command;
    const starts = written.command === COMMANDS.StartSingleJob && plc.command !== written.command;
    if ((rose("resultsAck") || dequeues) && state.shown) this.acknowledged += 1;
    if (rose("countersReset")) this.forgotten += state.lost + this.#lostByReset(rose("faultReset"));
    const actions = machine.write({ ...written, triggerTag: this.triggers + 1 });
    this.#checkTriggers(actions, rose("trigger"), starts);
  }

  /** FaultReset after an overrun drops what waits, just before the count is reset. */
  #lostByReset(rises: boolean): number {
    const { bufferOverrun, waiting } = this.machine.state;
    return rises && bufferOverrun ? waiting.length : 0;
  }

  #checkTriggers(actions: readonly HandshakeAction[], edge: boolean, job: boolean): void {
    const triggers = actions.filter((action) => action.type === "trigger");
    expect(triggers).toHaveLength(Number(edge) + Number(job));
    for (const action of triggers) {
      this.triggers += 1;
      this.open.push(action.tag);
      const { state, plc, line, settings } = this.machine;
      const before = { ...state, inFlight: state.inFlight - triggers.length };
      if (!action.missed) expect(acceptsPart(before, plc, line, settings)).toBe(true);
      else expect(state.triggerMissed).toBe(true);
    }
  }

  #check(): void {
    const { state, line, plc, settings } = this.machine;
    expect(state.inFlight).toBe(this.open.length);
    expect(state.resultNo).toBe(this.judged.length);
    // Every result is with the PLC, acknowledged, or counted as lost.
    const held = state.waiting.length + (state.shown ? 1 : 0);
    expect(this.acknowledged + held + state.lost + this.forgotten).toBe(this.judged.length);
    expect(held).toBeLessThanOrEqual(settings.bufferDepth);
    if (state.shown) {
      expect(state.shown).toMatchObject(this.judged[state.shown.number - 1] ?? { never: true });
      if (this.#shown) expect(state.shown.number).toBeGreaterThanOrEqual(this.#shown.number);
      this.#shown = state.shown;
    }
    if (isReady(state, plc, line, settings)) {
      expect(line.ready && !state.plcIsSilent && shownFault(state, line) === 0).toBe(true);
    }
  }
}

it.each(["off", "required"] as const)(
  "any PLC, any station (heartbeat %s): one answer a trigger, no result lost uncounted, shown twice or mixed up",
  (heartbeat) => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const account = new Account(new Machine({ heartbeat, bufferDepth: 3 }));
        account.machine.write({ control: { triggerEnable: true } });
        for (const each of events) account.do(each);
        while (account.open.length > 0) account.answer("err");
        expect(account.answers).toBe(account.triggers);
        expect(account.machine.state.inFlight).toBe(0);
      }),
      { seed: 5, numRuns: 1500 },
    );
  },
);
