import type { ChildProcess } from "node:child_process";
import { spawnHolder, type GpioHolder, type GpioHolderOptions } from "./gpio-holder.ts";

const PROMPT = "gpioset> ";

/**
 * libgpiod 2: one `gpioset --interactive` that takes orders on its input and prompts when each is done. At the end of its input
 * it does not exit but prompts for ever (tools/gpioset.c, interact); it dies of SIGPIPE on that, since we read its output.
 */
export class GpioInteractiveHolder implements GpioHolder {
  readonly #options: GpioHolderOptions;
  readonly #child: ChildProcess;
  #open = false;
  #ended = false;
  #released = false;
  #text = "";

  constructor(options: GpioHolderOptions) {
    this.#options = options;
    const { chip, line, activeLow } = options;
    const args = [
      "--interactive",
      "--consumer",
      "assayd",
      "--chip",
      chip,
      ...(activeLow ? ["--active-low"] : []),
      `${line}=0`,
    ];
    this.#child = spawnHolder("gpioset", args, (reason) => {
      this.#end(reason);
    });
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#read(chunk.toString());
    });
  }

  drive(energised: boolean): void {
    this.#child.stdin?.write(`set ${this.#options.line}=${energised ? 1 : 0}\n`);
  }

  release(): void {
    this.#released = true;
    this.#child.kill("SIGKILL");
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf(PROMPT); end >= 0; end = this.#text.indexOf(PROMPT)) {
      const said = this.#text.slice(0, end).trim();
      this.#text = this.#text.slice(end + PROMPT.length);
      this.#prompted(said);
    }
  }

  /** @param said since the prompt before: nothing, or what was wrong with the order */
  #prompted(said: string): void {
    if (this.#ended || this.#released) return;
    if (!this.#open) {
      this.#open = true;
      this.#options.onOpen();
    } else if (said === "") this.#options.onDone();
    else {
      this.#end(`gpioset said: ${said}`);
      this.release();
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onClosed(this.#released ? null : reason);
  }
}
