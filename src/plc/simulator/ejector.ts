/** The ejector stands so from `at` on, ms of the belt's clock. */
export interface EjectorChange {
  readonly at: number;
  /** True: parts go by; false: they are taken off the belt. */
  readonly passing: boolean;
}

/** Adds a change where it is one. Changes are ascending in time; before the first one the ejector takes parts off. */
export function noteChange(changes: EjectorChange[], change: EjectorChange): void {
  if ((changes.at(-1)?.passing ?? false) !== change.passing) changes.push(change);
}

/** True if the ejector let parts go by from `fromMs` to `untilMs` without a break: anything else hits the part. */
export function letsPass(changes: readonly EjectorChange[], fromMs: number, untilMs: number): boolean {
  for (let index = changes.length - 1; index >= 0; index -= 1) {
    const { at, passing } = changes[index]!;
    if (at > untilMs) continue;
    if (!passing) return false;
    if (at <= fromMs) return true;
  }
  return false;
}
