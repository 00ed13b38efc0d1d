import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the machine is; null where it does not say. */
export interface Hardware {
  readonly make: string | null;
  readonly model: string | null;
  /** NVIDIA's release, e.g. `R36.4.3`. */
  readonly jetpack: string | null;
  readonly serial: string | null;
}

const UNSAID = /^(to be filled by o\.e\.m\.|system (manufacturer|product name)|default string|none|)$/i; // of boards nobody named

/** Reads it from the device tree (boards) or DMI (PCs); both hold a few bytes of the kernel's. @param root "/" but in tests */
export function readHardware(root: string): Hardware {
  const text = (path: string): string | null => {
    try {
      const words = readFileSync(join(root, path), "utf8").replaceAll("\0", "").trim();
      return UNSAID.test(words) ? null : words.slice(0, 128);
    } catch {
      return null;
    }
  };
  const board = text("proc/device-tree/model");
  return {
    make: board === null ? text("sys/class/dmi/id/sys_vendor") : (board.split(" ")[0] ?? null),
    model: board ?? text("sys/class/dmi/id/product_name"),
    jetpack: jetpackOf(text("etc/nv_tegra_release")),
    serial: text("proc/device-tree/serial-number") ?? text("sys/class/dmi/id/product_serial"),
  };
}

/** `# R36 (release), REVISION: 4.3, GCID: …` */
function jetpackOf(release: string | null): string | null {
  const [, major, revision] = /^# (R\d+) \(release\), REVISION: ([\d.]+)/.exec(release ?? "") ?? [];
  return major === undefined || revision === undefined ? null : `${major}.${revision}`;
}
