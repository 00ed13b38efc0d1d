/**
 * N of M: true while at least `needed` of the newest `of` pictures were above the threshold. Until `of` pictures were seen
 * those that are missing count as good, so one of one is each picture for itself.
 */
export class Vote {
  readonly #needed: number;
  readonly #of: number;
  readonly #newest: boolean[] = [];

  constructor({ needed, of }: { readonly needed: number; readonly of: number }) {
    this.#needed = needed;
    this.#of = of;
  }

  add(above: boolean): boolean {
    this.#newest.push(above);
    if (this.#newest.length > this.#of) this.#newest.shift();
    return this.#newest.filter(Boolean).length >= this.#needed;
  }

  clear(): void {
    this.#newest.length = 0;
  }
}
