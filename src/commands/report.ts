import { Command } from "commander";
import { auditReportCommand } from "./report/audit.ts";
import { shiftReportCommand } from "./report/shift.ts";

/** `assayd report`: what the history says, also while the daemon runs. */
export function reportCommand(): Command {
  return new Command("report")
    .description("Reports from the history of a station: a shift, the audit trail")
    .addCommand(shiftReportCommand())
    .addCommand(auditReportCommand());
}
