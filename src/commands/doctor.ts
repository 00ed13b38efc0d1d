import { Command } from "commander";
import { pino } from "pino";
import { MACHINE_FILES } from "../config/config-files.ts";
import { loadConfig } from "../config/load.ts";
import { EXIT_CODES } from "../domain/errors.ts";
import { brokerChecks } from "./doctor/broker.ts";
import { cameraChecks } from "./doctor/cameras.ts";
import { carryOut, runProgram, type Patient, type Report } from "./doctor/check.ts";
import { machineChecks } from "./doctor/machine.ts";
import { runtimeChecks } from "./doctor/runtime.ts";
import { storageChecks } from "./doctor/storage.ts";

interface DoctorFlags {
  readonly config?: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

/** `assayd doctor`: says what is wrong with this machine or its configuration, and how to mend it. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description(
      "check this machine: runtime, GStreamer, cameras, broker, disk, teacher; exit code 1 if something fails",
    )
    .option("-c, --config <file>", "the station's configuration; left out: the defaults")
    .option("--open", "try a real frame of each camera (not while the station runs)")
    .option(
      "--json",
      "last line: one JSON object: healthy, checks (check, status, message, remedy, durationMs)",
    )
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await examine(flags);
    });
}

async function examine(flags: DoctorFlags): Promise<number> {
  const config = loadConfig(flags.config ?? null, process.env, MACHINE_FILES);
  const patient: Patient = {
    config,
    env: process.env,
    openCameras: flags.open === true,
    logger: pino({ enabled: false }),
    run: runProgram,
  };
  const checks = [
    ...runtimeChecks(patient),
    ...cameraChecks(patient),
    ...brokerChecks(patient),
    ...storageChecks(patient),
    ...machineChecks(patient),
  ];
  const reports: Report[] = [];
  for (const check of checks) {
    const report = await carryOut(check, () => performance.now());
    reports.push(report);
    if (flags.json !== true) process.stdout.write(reportText(report));
  }
  const healthy = reports.every((report) => report.status !== "failed");
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ healthy, checks: reports })}\n`);
  else
    process.stdout.write(
      healthy ? "\nThe station can work.\n" : "\nThe station cannot work as configured.\n",
    );
  return healthy ? EXIT_CODES.ok : EXIT_CODES.failed;
}

const WORDS = { ok: "ok     ", warning: "warning", failed: "FAILED ", skipped: "skipped" } as const;

/** One line, and one more with the remedy where there is one. */
function reportText(report: Report): string {
  const line = `${WORDS[report.status]}  ${report.check}: ${report.message}\n`;
  return report.remedy === null ? line : `${line}         remedy: ${report.remedy}\n`;
}
