import { Command, CommanderError } from "commander";
import { benchCommand } from "./commands/bench.ts";
import { configCommand } from "./commands/config.ts";
import { demoCommand } from "./commands/demo.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evaluateCommand } from "./commands/evaluate.ts";
import { modelsCommand } from "./commands/models.ts";
import { reportCommand } from "./commands/report.ts";
import { exportCommand } from "./commands/report/export.ts";
import { runCommand } from "./commands/run.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { teacherCommand } from "./commands/teacher.ts";
import { trainCommand } from "./commands/train.ts";
import { armFailpoints } from "./system/failpoints.ts";
import { AssaydError, ConfigError, EXIT_CODES, InputError } from "./domain/errors.ts";

armFailpoints(process.env.ASSAYD_FAILPOINTS);

const program = new Command("assayd")
  .description("Inspects every part on a line with a model taught from good parts only.")
  .version("0.1.0")
  .showHelpAfterError();

for (const command of [
  runCommand(),
  demoCommand(),
  trainCommand(),
  evaluateCommand(),
  benchCommand(),
  simulateCommand(),
  modelsCommand(),
  teacherCommand(),
  reportCommand(),
  exportCommand(),
  doctorCommand(),
  configCommand(),
]) {
  program.addCommand(command);
}

throwOnMisuse(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage; // it has said why
  } else if (error instanceof AssaydError) {
    process.stderr.write(`assayd: ${error.message}\n`);
    process.exitCode = exitCodeOf(error);
  } else {
    throw error;
  }
}

/** Commander would end the process with 1, which is for what failed, not for what was typed wrongly. Not inherited by sub-commands. */
function throwOnMisuse(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnMisuse);
}

function exitCodeOf(error: AssaydError): number {
  if (error instanceof ConfigError) return EXIT_CODES.config;
  if (error instanceof InputError) return EXIT_CODES.usage;
  return EXIT_CODES.failed;
}
