/** Messages under way and not yet worked off; more wait here, where they are counted. */
const WINDOW = 32;

export interface FeedOptions<M> {
  /** Hands a message over; false: nobody is there. */
  readonly send: (message: M) => boolean;
  /** The newest state, made when it can be sent. */
  readonly state: () => M;
  /** Events that may wait. */
  readonly limit: number;
}

/**
 * What goes to a process that may be slow, hung or gone: of the state only the newest, of events a bounded queue that loses
 * the oldest and counts it. At most 32 messages are under way, so that nothing piles up in the channel.
 */
export class Feed<M> {
  readonly #options: FeedOptions<M>;
  readonly #events: M[] = [];
  #stateIsDue = false;
  #underWay = 0;
  #open = false;
  #dropped = 0;

  constructor(options: FeedOptions<M>) {
    this.#options = options;
  }

  /** Events lost since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages sent that are not worked off. */
  get underWay(): number {
    return this.#underWay;
  }

  /** The receiver is ready: what comes from now on is sent to it, the state first. */
  open(): void {
    this.#open = true;
    this.#underWay = 0;
    this.stateChanged();
  }

  /** The receiver is gone: nothing waits for the next one but the state. */
  close(): void {
    this.#dropped += this.#events.length;
    this.#events.length = 0;
    this.#open = false;
  }

  stateChanged(): void {
    this.#stateIsDue = true;
    this.#pump();
  }

  /** Lost at once, uncounted, while there is no receiver. */
  event(message: M): void {
    if (!this.#open) return;
    this.#events.push(message);
    this.#pump();
    if (this.#events.length <= this.#options.limit) return;
    this.#events.shift();
    this.#dropped += 1;
  }

  /** One message was worked off. */
  done(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.#pump();
  }

  #pump(): void {
    while (this.#open && this.#underWay < WINDOW) {
      const message = this.#next();
      if (message === null) return;
      this.#underWay += 1;
      if (!this.#options.send(message)) this.close();
    }
  }

  #next(): M | null {
    if (!this.#stateIsDue) return this.#events.shift() ?? null;
    this.#stateIsDue = false;
    return this.#options.state();
  }
}
