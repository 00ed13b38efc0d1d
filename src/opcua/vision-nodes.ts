import type { UAMethod, UAObject, UAObjectType, UAVariable } from "node-opcua-address-space";
import type { AddressSpace } from "node-opcua-address-space";
import { DataType, type Variant } from "node-opcua-variant";
import { AssaydError } from "../domain/errors.ts";

/** Finding nodes of the companion specification, and values in its data types. */

const MACHINE_VISION_URI = "http://opcfoundation.org/UA/MachineVision";

export class MachineVision {
  readonly space: AddressSpace;
  readonly index: number;

  /** @throws AssaydError `opcua-node-set` if the node set is not loaded */
  constructor(space: AddressSpace) {
    this.space = space;
    this.index = space.getNamespaceIndex(MACHINE_VISION_URI);
    if (this.index < 0) throw missing(MACHINE_VISION_URI, "the address space");
  }

  objectType(name: string): UAObjectType {
    return this.space.findObjectType(name, this.index) ?? throwMissing(name, "the node set");
  }

  eventType(name: string): UAObjectType {
    return this.space.findEventType(name, this.index) ?? throwMissing(name, "the node set");
  }

  object(parent: UAObject | UAObjectType, name: string): UAObject {
    const found = parent.getComponentByName(name, this.index);
    return (found as UAObject | null) ?? throwMissing(name, parent.browseName.toString());
  }

  variable(parent: UAObject, name: string): UAVariable {
    const found = parent.getComponentByName(name, this.index);
    return (found as UAVariable | null) ?? throwMissing(name, parent.browseName.toString());
  }

  method(parent: UAObject, name: string): UAMethod {
    return parent.getMethodByName(name, this.index) ?? throwMissing(name, parent.browseName.toString());
  }

  /** A structure of the node set, e.g. `JobIdDataType`; fields in lower camel case, optional ones absent. */
  structure(type: string, fields: object): { dataType: DataType.ExtensionObject; value: never } {
    const dataType = this.space.findDataType(type, this.index) ?? throwMissing(type, "the node set");
    const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    return {
      dataType: DataType.ExtensionObject,
      value: this.space.constructExtensionObject(dataType, present) as never,
    };
  }

  structures(
    type: string,
    all: readonly object[],
  ): { dataType: DataType; arrayType: "Array"; value: unknown[] } {
    const value = all.map((fields) => this.structure(type, fields).value);
    return { dataType: DataType.ExtensionObject, arrayType: "Array", value };
  }
}

/** Longest id that is taken from a client. */
const MAX_ID = 256;

/**
 * The `id` of an identifying structure that a client sent; null: it sent none or an empty one.
 * @param type name of the structure, e.g. `PartIdDataType`
 * @throws TypeError if it is another one, or the id is too long
 */
export function idOf(argument: Variant | undefined, type: string): string | null {
  const value = argument?.value as {
    readonly schema?: { readonly name?: string };
    readonly id?: unknown;
  } | null;
  if (!value) return null;
  if (value.schema?.name !== type)
    throw new TypeError(`expected ${type}, got ${value.schema?.name ?? "another type"}`);
  const { id = null } = value;
  if (id === null) return null;
  if (typeof id !== "string" || id.length > MAX_ID)
    throw new TypeError(`expected an Id of at most ${MAX_ID} characters`);
  return id.trim() || null; // TrimmedString, OPC 40100-1 §12.2
}

/** A number argument. @throws TypeError if it is none */
export function numberOf(argument: Variant | undefined): number {
  const value: unknown = argument?.value;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError("expected a number");
  return value;
}

function throwMissing(name: string, where: string): never {
  throw missing(name, where);
}

function missing(name: string, where: string): AssaydError {
  return new AssaydError("opcua-node-set", `${name} is not in ${where}: reinstall node-opcua-nodesets.`);
}
