import type { Logger } from "pino";
import type { Inspection } from "../domain/inspection.ts";
import type { StationListener } from "../domain/station-view.ts";

/** Something outside that follows the station: a PLC, Sparkplug B, Home Assistant, OPC UA. */
export interface StationLink extends StationListener {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** All that follow the station. What one of them throws never reaches the station or another. */
export class StationLinks implements Required<StationListener> {
  readonly #logger: Logger;
  readonly #links: StationLink[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(link: StationLink): void {
    this.#links.push(link);
  }

  /** Starts them side by side; the station runs without the one that cannot. */
  async start(): Promise<void> {
    await this.#all("start", (link) => link.start());
  }

  async stop(): Promise<void> {
    await this.#all("stop", (link) => link.stop());
  }

  inspected(inspection: Inspection): void {
    this.#tell((link) => link.inspected?.(inspection));
  }

  lineChanged(camera: string): void {
    this.#tell((link) => link.lineChanged?.(camera));
  }

  acquired(camera: string, triggerId: string): void {
    this.#tell((link) => link.acquired?.(camera, triggerId));
  }

  async #all(what: string, work: (link: StationLink) => void | Promise<void>): Promise<void> {
    const settle = async (link: StationLink): Promise<void> => {
      try {
        await work(link);
      } catch (error) {
        this.#logger.error({ link: link.name, err: error }, `${link.name} did not ${what}`);
      }
    };
    await Promise.all(this.#links.map(settle));
  }

  #tell(work: (link: StationLink) => void): void {
    for (const link of this.#links) {
      try {
        work(link);
      } catch (error) {
        this.#logger.error({ link: link.name, err: error }, `${link.name} could not follow`);
      }
    }
  }
}
