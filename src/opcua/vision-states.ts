import { promoteToStateMachine, type UAObject, type UAVariable } from "node-opcua-address-space";
import { StatusCodes } from "node-opcua-status-code";
import { DataType } from "node-opcua-variant";
import type { VisionState } from "../domain/station-view.ts";
import type { MachineVision } from "./vision-nodes.ts";

const AUTOMATIC: readonly VisionState[] = ["Initialized", "Ready", "SingleExecution", "ContinuousExecution"];
/** SystemStateDataType (OPC 40100-1 §12.22, the letters of SEMI E10). */
const SYSTEM_STATE = { PRD: 1, SBY: 2, ENG: 3, SDT: 4, UDT: 5, NST: 6 } as const;

/** Shows a state in both machines: the inner one is active in Operational only (OPC 10000-16 §4.4.5). */
export class VisionStates {
  readonly #vision: MachineVision;
  readonly #outer: ReturnType<typeof promoteToStateMachine>;
  readonly #inner: ReturnType<typeof promoteToStateMachine>;
  readonly #systemState: UAVariable;
  #shown = "";

  constructor(vision: MachineVision, system: UAObject) {
    this.#vision = vision;
    const outer = vision.object(system, "VisionStateMachine");
    const inner = vision.object(outer, "AutomaticModeStateMachine");
    for (const machine of [outer, inner]) addStateNumber(machine);
    this.#outer = promoteToStateMachine(outer);
    this.#inner = promoteToStateMachine(inner);
    this.#systemState = vision.variable(system, "SystemState");
  }

  show(state: VisionState, training: boolean): void {
    const text = training ? `${state}, training` : state;
    if (text === this.#shown) return;
    this.#shown = text;
    const inside = AUTOMATIC.includes(state);
    // of two transitions with the same ends any will do here: the event names the one that was taken
    const first = <T>(transitions: readonly T[]): T | null => transitions[0] ?? null;
    this.#outer.setState(inside ? "Operational" : state, first);
    this.#inner.setState(inside ? state : null, first);
    if (!inside) this.#innerIsInactive();
    this.#systemState.setValueFromSource(
      this.#vision.structure("SystemStateDescriptionDataType", {
        state: systemState(state, training),
        stateDescription: text,
      }),
    );
  }

  #innerIsInactive(): void {
    for (const name of ["Id", "Number"]) {
      const property = this.#inner.currentState.getPropertyByName(name);
      property?.setValueFromSource(property.readValue().value, StatusCodes.BadStateNotActive);
    }
  }
}

/** Production, stand-by, engineering (training), planned stop, fault, not scheduled. */
function systemState(state: VisionState, training: boolean): number {
  switch (state) {
    case "SingleExecution":
    case "ContinuousExecution":
      return SYSTEM_STATE.PRD;
    case "Error":
      return SYSTEM_STATE.UDT;
    case "Halted":
      return SYSTEM_STATE.SDT;
    case "Initialized":
    case "Ready":
      return training ? SYSTEM_STATE.ENG : SYSTEM_STATE.SBY;
    case "Preoperational":
      return SYSTEM_STATE.NST;
  }
}

/** The optional `Number` of CurrentState; `setState` fills it with the StateNumber. */
function addStateNumber(machine: UAObject): void {
  const current = machine.getComponentByName("CurrentState");
  if (!current || current.getPropertyByName("Number")) return;
  machine.addressSpace.getOwnNamespace().addVariable({
    propertyOf: current,
    browseName: { name: "Number", namespaceIndex: 0 },
    dataType: DataType.UInt32,
    value: { dataType: DataType.UInt32, value: 0 },
  });
}
