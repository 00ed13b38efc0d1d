import { Command, InvalidArgumentError } from "commander";
import { InputError } from "../domain/errors.ts";
import { evaluateDataSet, type DataFlags } from "./evaluate/data.ts";
import { evaluateExisting, type BundleFlags } from "./evaluate/existing.ts";

type Flags = Omit<DataFlags, "data" | "stateDir"> &
  Omit<BundleFlags, "stateDir"> & { readonly data?: string; readonly stateDir?: string };

const HELP = `
Two forms:
  assayd evaluate DIR          measures a model that is there on DIR/test
  assayd evaluate --data DIR   teaches each category of a data set as the device would, and measures that; layouts: MVTec
                               form (also MPDD, any folder of it), MVTec 3D-AD, VisA, BTAD, KolektorSDD2, magnetic tile,
                               or a folder of good pictures

Test pictures are looked at for the table only: fixed steps, last weights, the threshold from good parts alone.

With --json the last line of stdout is one object. evaluate DIR: bundleId, provider, good, bad, imageAuroc, imageAp,
imageF1Max, pixelAuroc, pixelAurocError, pixelAp, pixelF1Max, aupro (false-positive rate to 0.3), aupro005 (to 0.05),
withoutMask, emptyMask, perDefect (pictures, imageAuroc, caughtShare of each kind), threshold, falseRejectRate, escapeRate,
latencyMsP50, latencyMsP99, decodeMsP50, evaluateSeconds. evaluate --data: dataSet, layout, method, teacher, size, seeds,
mean (of each figure over categories and seeds, with std over seeds), cells (key, category, seed, images, report with the
figures above, jobs, threads, trainSeconds, resumed, trainPeakMb, cost, statedFalseReject, choice, oracle), published (means of
others), leftOut (what was neither taught nor tested, and why), thresholdStudy. A value that the pictures do not allow is null.`;

/** `assayd evaluate`: how well good and bad are told apart, how fast, and how that compares with what others published. */
export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("Measure a model on test pictures, or teach and measure every category of a data set")
    .argument("[dir]", "test/good, test/<defect>, ground_truth/<defect> (train/good is not looked at)")
    .option("--bundle <id|dir>", "DIR: which model (else the active one)")
    .option("--recipe <name>", "DIR: whose active model (not needed if only one recipe has a model)")
    .option("--data <dir>", "a data set: teach and measure each of its categories")
    .option("-c, --config <file>", "--data: configuration of the device that is measured")
    .option("--method <name>", "--data: instead of the configuration's")
    .option("--teacher <id>", "--data: instead of the configuration's")
    .option("--size <px>", "--data: model input, instead of the configuration's", wholeNumber)
    .option("--categories <names>", "--data: only these, separated by commas")
    .option("--seeds <n>", "--data: trainings of each category", positiveNumber, 1)
    .option("--seed <n>", "--data: the first seed", wholeNumber, 1)
    .option("--oracle", "--data: also what the test pictures would have chosen, labelled as such")
    .option(
      "--threshold-splits <n>",
      "--data: random splits of the good parts to try the threshold on",
      wholeNumber,
      0,
    )
    .option("--report <file>", "--data: also one self-contained HTML page")
    .option("--markdown", "--data: tables in Markdown")
    .option("--out <dir>", "--data: keep models and finished cells here, and go on with those that are there")
    .option(
      "--jobs <n>",
      "--data: trainings at the same time; 0: one a core, one thread each",
      wholeNumber,
      0,
    )
    .option("--state-dir <dir>", "state folder of the station (models, teachers)")
    .option("--threads <n>", "CPU threads; 0: all cores", wholeNumber, 0)
    .option("--json", "end with one JSON object on the last line of stdout")
    .addHelpText("after", HELP)
    .action(evaluate);
}

async function evaluate(dir: string | undefined, { data, ...flags }: Flags, command: Command): Promise<void> {
  if (data === undefined || dir === undefined) refuseOthers(command, data === undefined ? "--data:" : "DIR:");
  if (data !== undefined && dir === undefined) await evaluateDataSet({ ...flags, data });
  else if (data === undefined && dir !== undefined)
    await evaluateExisting(dir, { ...flags, stateDir: flags.stateDir ?? ".state" });
  else
    throw new InputError(
      "what-to-evaluate",
      "Name either a folder of test pictures (assayd evaluate DIR) or a data set (assayd evaluate --data DIR), not both.",
    );
}

/** Options of the other form would be passed over in silence. @param mark that their descriptions begin with */
function refuseOthers(command: Command, mark: "--data:" | "DIR:"): void {
  const given = command.options.filter(
    (option) =>
      option.description.startsWith(mark) && command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (given.length === 0) return;
  const flags = given.map(({ long }) => long).join(", ");
  const form = mark === "DIR:" ? "assayd evaluate DIR" : "assayd evaluate --data DIR";
  throw new InputError(
    "other-form",
    `${flags}: only with "${form}". Leave it out, or see assayd evaluate --help.`,
  );
}

function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("A whole number from 1 is expected.");
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("A whole number from 0 is expected.");
}
