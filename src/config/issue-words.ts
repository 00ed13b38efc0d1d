import type { z } from "zod";
import { nearestName } from "./nearest-name.ts";
import { configJsonSchema, schemaAt, type KeyPath, type SchemaNode } from "./schema-words.ts";
import type { ConfigProblem } from "./problem.ts";
import type { YamlSource } from "./yaml-source.ts";

type Issue = z.core.$ZodIssue;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  object: "a map of keys",
  array: "a list",
  string: "a text",
};

/** Says each zod issue in words, with its position in the file. @param input the parsed YAML. */
export function problemsOf(
  issues: readonly Issue[],
  source: YamlSource,
  input: unknown,
): readonly ConfigProblem[] {
  const schema = configJsonSchema();
  const problems = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey(key, issue.path, source, schemaAt(schema, issue.path, input)))
      : [wrongValue(issue, source, input, schemaAt(schema, issue.path, input))],
  );
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** `cameras[0].source.fps`. */
function keyWords(path: KeyPath): string {
  let words = "";
  for (const part of path) {
    if (typeof part === "number") words += `[${part}]`;
    else words += words === "" ? String(part) : `.${String(part)}`;
  }
  return words;
}

function unknownKey(
  key: string,
  path: KeyPath,
  source: YamlSource,
  schema: SchemaNode | undefined,
): ConfigProblem {
  const known = Object.keys(schema?.properties ?? {});
  const nearest = nearestName(key, known);
  const remedy = nearest === null ? `remove "${key}"` : `did you mean "${nearest}"?`;
  return {
    ...source.positionOfKey(path, key),
    key: keyWords([...path, key]),
    message: `unknown key (got "${key}"); expected one of ${known.join(", ")}; ${remedy}`,
  };
}

function wrongValue(
  issue: Issue,
  source: YamlSource,
  input: unknown,
  schema: SchemaNode | undefined,
): ConfigProblem {
  const value = valueAt(input, issue.path);
  const what = value === undefined ? "missing" : `${faultOf(issue)} (got ${shown(value)})`;
  return {
    ...source.positionOfValue(issue.path),
    key: keyWords(issue.path),
    message: `${what}; expected ${expectation(issue)}; ${remedyOf(value, schema)}`,
  };
}

function faultOf(issue: Issue): string {
  const faults: Readonly<Partial<Record<Issue["code"], string>>> = {
    invalid_type: "wrong type",
    too_small: "too small",
    too_big: "too big",
  };
  return faults[issue.code] ?? "not allowed";
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? `a ${issue.expected}`;
    case "too_small":
      return `${unit(issue.origin)}${issue.inclusive === false ? "more than" : "at least"} ${String(issue.minimum)}`;
    case "too_big":
      return `${unit(issue.origin)}${issue.inclusive === false ? "less than" : "at most"} ${String(issue.maximum)}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_value":
      return oneOf(issue.values);
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? oneOf(issue.options)
        : unionChoices(issue.errors);
    case "invalid_format":
    case "invalid_key":
    case "invalid_element":
    case "unrecognized_keys":
    case "custom":
      return issue.message;
  }
}

function unit(origin: string): string {
  if (origin === "array") return "a list with a length of ";
  return origin === "string" ? "a text with a length of " : "a number of ";
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(", ")}`;
}

function unionChoices(errors: readonly (readonly Issue[])[]): string {
  return errors.map(([first]) => (first === undefined ? "another value" : expectation(first))).join(" or ");
}

function remedyOf(value: unknown, schema: SchemaNode | undefined): string {
  const meaning = schema?.description === undefined ? "" : ` (${schema.description})`;
  if (value === undefined) return `add this key${meaning}`;
  if (schema?.default === undefined) return `correct the value${meaning}`;
  return `correct the value${meaning}, or remove the key to take the default ${shown(schema.default)}`;
}

function shown(value: unknown): string {
  if (value === null) return "nothing";
  const json = JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

function valueAt(input: unknown, path: KeyPath): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}
