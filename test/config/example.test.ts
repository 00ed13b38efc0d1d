import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { configJsonSchema, type SchemaNode } from "../../src/config/schema-words.ts";
import { configSchema } from "../../src/config/schema.ts";

const text = readFileSync(new URL("../../config/assayd.yaml", import.meta.url), "utf8");

/** Every key name that the schema knows, at any depth and of any kind. */
function keysOf(schema: SchemaNode): readonly string[] {
  const children = [...(schema.oneOf ?? []), ...(schema.items === undefined ? [] : [schema.items])];
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => [key, ...keysOf(child)]);
  return [...own, ...children.flatMap(keysOf)];
}

test("the example parses to exactly the defaults", () => {
  expect(parseConfig(text)).toEqual({ config: configSchema.parse({}) });
});

test("the example mentions every key of the schema", () => {
  const mentioned = new Set([...text.matchAll(/^[\s#-]*(\w+):/gm)].map((match) => match[1]));
  const known = keysOf(configJsonSchema());
  expect(known.length).toBeGreaterThan(80);
  expect(known.filter((key) => !mentioned.has(key))).toEqual([]);
});

/** The commented lines of each other kind, as they would stand if the # were taken away. */
function commentedKinds(): readonly string[] {
  const lines = text.split("\n").map((line) => /^\s*# {3}( *\w.*)$/.exec(line)?.[1] ?? "");
  return lines
    .join("\n")
    .split(/\n(?=kind: )|\n\n/)
    .filter((block) => block.startsWith("kind: "));
}

test("each commented kind is valid when its # is taken away", () => {
  const kinds = commentedKinds();
  expect(kinds.length).toBeGreaterThanOrEqual(13);
  for (const kind of kinds) {
    const indented = (depth: string): string =>
      kind
        .trim()
        .split("\n")
        .map((line) => depth + line)
        .join("\n");
    const candidates = [
      `cameras:\n  - source:\n${indented("      ")}\n`,
      `cameras:\n  - trigger:\n${indented("      ")}\n`,
      `cameras:\n  - reject:\n${indented("      ")}\n`,
      `broker:\n${indented("  ")}\n`,
    ];
    expect(
      candidates.filter((candidate) => "config" in parseConfig(candidate)),
      kind,
    ).toHaveLength(1);
  }
});
