import { Command } from "commander";
import { stringify } from "yaml";
import { MACHINE_FILES } from "../config/config-files.ts";
import { loadConfig, parseConfig, problemLine } from "../config/load.ts";
import { messageOf, EXIT_CODES } from "../domain/errors.ts";

const files = MACHINE_FILES;
const DEFAULT_FILE = "config/assayd.yaml";

/** `assayd config check` and `assayd config show`. */
export function configCommand(): Command {
  const command = new Command("config").description("check a configuration, or show what it comes to");
  command
    .command("check")
    .description("read a configuration and say everything that is wrong with it (exit code 78)")
    .argument("[file]", "the configuration", DEFAULT_FILE)
    .option("--json", "one JSON object: file, valid, problems (line, column, key, message)")
    .action((file: string, options: { json?: boolean }) => {
      process.exitCode = check(file, options.json === true ? "json" : "text");
    });
  command
    .command("show")
    .description("the configuration with every default filled in, as YAML; without a file, the defaults")
    .argument("[file]", "the configuration")
    .option("--json", "as one JSON object")
    .action((file: string | undefined, options: { json?: boolean }) => {
      const config = loadConfig(file ?? null, process.env, files);
      process.stdout.write(options.json === true ? `${JSON.stringify(config)}\n` : stringify(config));
    });
  return command;
}

function check(file: string, form: "json" | "text"): number {
  const problems = problemsIn(file);
  const valid = problems.length === 0;
  if (form === "json") {
    process.stdout.write(`${JSON.stringify({ file, valid, problems })}\n`);
  } else if (valid) {
    process.stdout.write(`${file}: valid\n`);
  } else {
    for (const problem of problems) process.stderr.write(`${problemLine(file, problem)}\n`);
  }
  return valid ? EXIT_CODES.ok : EXIT_CODES.config;
}

function problemsIn(file: string) {
  let text: string;
  try {
    text = files.readFile(file);
  } catch (error) {
    const message = `cannot be read (${messageOf(error)}); expected a YAML file; copy config/assayd.yaml there`;
    return [{ line: 1, column: 1, key: "", message }];
  }
  const checked = parseConfig(text);
  return "problems" in checked ? checked.problems : [];
}
