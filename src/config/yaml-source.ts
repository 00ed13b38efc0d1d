import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from "yaml";
import type { ConfigProblem } from "./problem.ts";
import type { KeyPath } from "./schema-words.ts";

/** Where something stands in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text that still knows where each of its keys stands. */
export class YamlSource {
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  constructor(text: string) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** The parsed text (an empty file is an empty map), or what is wrong with it as YAML. */
  parse(): { readonly value: unknown } | { readonly problems: readonly ConfigProblem[] } {
    if (this.#document.errors.length > 0) {
      return {
        problems: this.#document.errors.map((error) => ({
          ...this.#position(error.pos[0]),
          key: "",
          message: `not valid YAML: ${error.message}; expected "key: value" lines, indented by spaces; correct this line`,
        })),
      };
    }
    try {
      return { value: this.#document.toJS({ maxAliasCount: 100 }) ?? {} };
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const message = `aliases cannot be followed: ${words}; expected plain values; write the values out`;
      return { problems: [{ line: 1, column: 1, key: "", message }] };
    }
  }

  /** Position of the value at `path`; of the nearest thing around it if it is not there. */
  positionOfValue(path: KeyPath): Position {
    for (let length = path.length; length > 0; length--) {
      const node: unknown = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return this.#position(node.range[0]);
    }
    return { line: 1, column: 1 };
  }

  /** Position of the key itself in the map at `path`. */
  positionOfKey(path: KeyPath, key: string): Position {
    const map: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    if (isMap(map)) {
      for (const pair of map.items) {
        if (!isPair(pair) || !isScalar(pair.key) || String(pair.key.value) !== key) continue;
        if (pair.key.range) return this.#position(pair.key.range[0]);
      }
    }
    return this.positionOfValue(path);
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
