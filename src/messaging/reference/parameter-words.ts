import { z } from "zod";

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
}

/** Each field of a command as code (`name?` if it may be left out), and what it may be in words. */
export function parameterWords(
  shape: Readonly<Record<string, z.ZodType>>,
): readonly (readonly [string, string])[] {
  const schema = z.toJSONSchema(z.strictObject(shape), { io: "input" }) as {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly required?: readonly string[];
  };
  return Object.entries(schema.properties ?? {}).map(([name, node]) => {
    const field = schema.required?.includes(name) === true ? name : `${name}?`;
    const words = [typeWords(node), node.description].filter((part) => part !== undefined && part !== "");
    return [`\`${field}\``, words.join(", ")];
  });
}

function typeWords(node: Node): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (node.anyOf !== undefined) return node.anyOf.map(typeWords).join(" or ");
  if (node.format === "date-time") return "ISO-8601 time";
  if (node.format === "uuid") return "UUID";
  if (node.type === "array") return `list of ${typeWords(node.items ?? {})}`;
  if (node.type === "integer" || node.type === "number") return `${node.type}${range(node)}`;
  if (node.type === "string" && node.maxLength !== undefined)
    return `text of at most ${node.maxLength} characters`;
  if (node.type === "string") return "name";
  return [node.type ?? "any value"].flat().join(" or ");
}

function range({ minimum, maximum }: Node): string {
  const low = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? null : minimum;
  const high = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? null : maximum;
  if (low !== null && high !== null) return ` ${low} to ${high}`;
  return low === null ? "" : ` from ${low}`;
}
