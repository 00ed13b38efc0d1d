import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The parts of a JSON Schema that the words about a key are made of. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

export type KeyPath = readonly PropertyKey[];

/** The configuration's JSON Schema, for editors and for walking: what a person may write. */
export function configJsonSchema(): SchemaNode {
  return z.toJSONSchema(configSchema, { io: "input" }) as SchemaNode;
}

/**
 * The schema of one key, or undefined if there is none. Where a key can be of several kinds (`source`, `trigger`,
 * `broker`), the `kind` or `name` that `input` says chooses.
 * @param input the parsed YAML that the path leads into.
 */
export function schemaAt(schema: SchemaNode, path: KeyPath, input: unknown): SchemaNode | undefined {
  const node = chooseKind(schema, input);
  const [key, ...rest] = path;
  if (key === undefined) return node;
  const child = typeof key === "number" ? node.items : ownProperty(node.properties, String(key));
  return child === undefined ? undefined : schemaAt(child, rest, ownProperty(input, String(key)));
}

function chooseKind(schema: SchemaNode, input: unknown): SchemaNode {
  const chosen = kindsOf(schema).find(({ properties }) =>
    ["kind", "name"].some((tag) => {
      const kind = properties?.[tag]?.const;
      return kind !== undefined && kind === ownProperty(input, tag);
    }),
  );
  if (chosen !== undefined) return chosen;
  const isMap = typeof input === "object" && input !== null;
  return (isMap ? schema.anyOf?.find(({ properties }) => properties !== undefined) : undefined) ?? schema;
}

/** The kinds of a key, those within kinds included (`training.method`). */
function kindsOf({ oneOf = [] }: SchemaNode): readonly SchemaNode[] {
  return oneOf.flatMap((choice) => (choice.oneOf === undefined ? [choice] : kindsOf(choice)));
}

function ownProperty<T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined;
function ownProperty(object: unknown, key: string): unknown;
function ownProperty(object: unknown, key: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, key)) return undefined;
  return (object as Record<string, unknown>)[key];
}
