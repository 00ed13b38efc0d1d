import { Command, InvalidArgumentError } from "commander";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AssaydError, InputError, messageOf } from "../domain/errors.ts";
import { productList } from "../simulator/product-list.ts";
import { findProduct, PRODUCTS } from "../simulator/products.ts";
import { writeDataSet } from "../simulator/write-data-set.ts";
import { simulatePlcCommand } from "./simulate/plc.ts";
import { TerminalView } from "./terminal-view.ts";

interface Flags {
  readonly family?: string;
  readonly out?: string;
  readonly train: number;
  readonly good: number;
  readonly bad: number;
  readonly size: number;
  readonly seed: number;
  readonly list?: true;
  readonly json?: true;
}

const HELP = `
With --json the last line of stdout is one object: family, folder, train, good, bad (pictures of each kind of defect); with --list
it is products (name, summary, defects of each).`;

/** `assayd simulate`: pictures of rendered products, and a PLC with its line. */
export function simulateCommand(): Command {
  return new Command("simulate")
    .description(
      "Render products, to try methods on where no pictures are at hand; or be the PLC of a station",
    )
    .addCommand(productsCommand())
    .addCommand(simulatePlcCommand());
}

function productsCommand(): Command {
  return new Command("products")
    .description(
      "Write a rendered product as a data set: train/good, test/good, test/<defect>, ground_truth/<defect>",
    )
    .option("--list", "show the products and their defects, write nothing")
    .option("--family <name>", "which product")
    .option("--out <dir>", "folder to write to; must not exist")
    .option("--train <n>", "good pictures to learn from", wholeNumber, 200)
    .option("--good <n>", "good pictures to test", wholeNumber, 60)
    .option("--bad <n>", "defective pictures, shared by the kinds of defect", wholeNumber, 60)
    .option("--size <pixels>", "side of the square pictures, 64 to 2048", pictureSide, 256)
    .option("--seed <n>", "another seed, other parts", wholeNumber, 1)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(products);
}

async function products(flags: Flags): Promise<void> {
  if (flags.list) {
    process.stdout.write(`${productList()}\n`);
    const listed = PRODUCTS.map(({ name, summary, defects }) => ({ name, summary, defects }));
    if (flags.json) process.stdout.write(`${JSON.stringify({ products: listed })}\n`);
    return;
  }
  if (flags.family === undefined || flags.out === undefined) {
    throw new InputError(
      "product-missing",
      "Give --family <name> and --out <dir>, or --list to see the products.",
    );
  }
  const product = findProduct(flags.family);
  const folder = resolve(flags.out);
  if (existsSync(folder)) {
    throw new InputError("folder-exists", `${folder} exists already. Name a new folder, or remove it first.`);
  }
  const { train, good, bad, size, seed } = flags;
  const view = new TerminalView(flags.json ? process.stderr : process.stdout, () => performance.now());
  const written = await stoppable((signal) =>
    writeDataSet({ product, folder, train, good, bad, size, seed }, signal, (done, total) => {
      view.progress(product.name, done / total, `picture ${done} of ${total}`);
    }),
  ).catch((error: unknown) => {
    if (error instanceof AssaydError) throw error;
    throw new InputError(
      "folder-unwritable",
      `The pictures cannot be written: ${messageOf(error)}. Name another folder with --out, or free some space.`,
      { cause: error },
    );
  });
  view.say(
    `${product.name}: ${train} to learn from, ${good} good and ${bad} defective to test, in ${folder}`,
  );
  if (flags.json) process.stdout.write(`${JSON.stringify({ family: product.name, folder, ...written })}\n`);
}

/** Runs until done or Ctrl-C. */
async function stoppable<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onInterrupt = (): void => {
    stop.abort(new InputError("interrupted", "Stopped; the folder holds what was written so far."));
  };
  process.once("SIGINT", onInterrupt);
  try {
    return await run(stop.signal);
  } finally {
    process.off("SIGINT", onInterrupt);
  }
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("A whole number from 0 is expected.");
}

function pictureSide(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 64 && value <= 2048) return value;
  throw new InvalidArgumentError("A whole number of pixels from 64 to 2048 is expected.");
}
