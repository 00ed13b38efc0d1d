import { getPriority, setPriority } from "node:os";

const MAIN = -10;

/**
 * The main process goes first: it switches the reject outputs. Without the right (LimitNICE of the unit, or root) it stays as it
 * is. @returns its priority now, -20 (first) to 19
 */
export function goFirst(): number {
  try {
    setPriority(MAIN);
  } catch {
    // not allowed: as it was
  }
  return getPriority();
}

/** A child does not inherit its parent's right to go first. */
export function goAfterParent(pid: number | undefined): void {
  if (pid === undefined || getPriority() >= 0) return;
  try {
    setPriority(pid, 0);
  } catch {
    // it has ended already
  }
}
