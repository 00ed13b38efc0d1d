import { ok, skipped, warning, type Check, type Finding, type Patient, type RunProgram } from "./check.ts";

/** Clock and service manager. */
export function machineChecks(patient: Patient): readonly Check[] {
  return [
    { name: "clock", find: () => clock(patient.run) },
    { name: "systemd", find: () => systemd(patient.run) },
  ];
}

async function clock(run: RunProgram): Promise<Finding> {
  const { code, stdout, stderr } = await run(
    "timedatectl",
    ["show", "--property=NTPSynchronized", "--value"],
    5_000,
  );
  if (code !== 0) return skipped(`timedatectl does not answer here (${stderr.trim().split("\n")[0] ?? ""})`);
  if (stdout.trim() === "yes") return ok("synchronised by NTP");
  return warning(
    "not synchronised: time stamps of results may be wrong",
    "timedatectl set-ntp true, or point it to the plant's time server",
  );
}

async function systemd(run: RunProgram): Promise<Finding> {
  const { code, stdout } = await run(
    "systemctl",
    ["show", "--property=LoadState,ActiveState", "assayd.service"],
    5_000,
  );
  if (code !== 0) return skipped("no running systemd here");
  const state = Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  if (state.LoadState !== "loaded")
    return warning(
      "assayd.service is not installed",
      "sudo scripts/install.sh, if this station is to start by itself",
    );
  return ok(`assayd.service is ${state.ActiveState ?? "unknown"}`);
}
