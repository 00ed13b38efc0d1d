/**
 * Named places at which a test makes the process die, wait or fail (promises.md §4.2). They do nothing unless
 * `armFailpoints` was called with a text; the program does that once at start with `ASSAYD_FAILPOINTS`.
 */
export const FAILPOINTS = [
  "add.verified",
  "add.files-synced",
  "add.renamed",
  "add.folder-synced",
  "promote.begin",
  "promote.verified",
  "promote.tmp-written",
  "promote.tmp-synced",
  "promote.renamed",
  "promote.folder-synced",
  "threshold.tmp-written",
  "threshold.renamed",
  "remove.hidden",
  "remove.done",
] as const;
export type FailpointName = (typeof FAILPOINTS)[number];

type Action =
  | { readonly kind: "kill" }
  | { readonly kind: "sleep"; readonly ms: number }
  | { readonly kind: "throw"; readonly code: string };

const armed = new Map<FailpointName, Action>();

/**
 * Arms failpoints, e.g. `promote.renamed=kill,add.verified=sleep:500,promote.tmp-written=throw:EIO`. Undefined or empty
 * text disarms all.
 * @throws RangeError on an unknown name or action.
 */
export function armFailpoints(text: string | undefined): void {
  armed.clear();
  for (const part of (text ?? "").split(",").filter((entry) => entry !== "")) {
    const [name = "", action = ""] = part.split("=");
    const known = FAILPOINTS.find((failpoint) => failpoint === name);
    if (known === undefined)
      throw new RangeError(`no failpoint "${name}"; there are ${FAILPOINTS.join(", ")}`);
    armed.set(known, parseAction(action));
  }
}

/** Does what was armed for this place; nothing in a normal run. Blocks the thread for `sleep`. */
export function failpoint(name: FailpointName): void {
  const action = armed.get(name);
  if (action === undefined) return;
  if (action.kind === "kill") process.kill(process.pid, "SIGKILL");
  if (action.kind === "sleep") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, action.ms);
  if (action.kind === "throw") {
    throw Object.assign(new Error(`${action.code}: failpoint ${name}`), { code: action.code });
  }
}

function parseAction(text: string): Action {
  const [kind, argument = ""] = text.split(":");
  if (kind === "kill") return { kind };
  if (kind === "sleep" && /^\d+$/.test(argument)) return { kind, ms: Number(argument) };
  if (kind === "throw" && /^E[A-Z]+$/.test(argument)) return { kind, code: argument };
  throw new RangeError(`failpoint action "${text}"; expected kill, sleep:<ms> or throw:<errno>`);
}
