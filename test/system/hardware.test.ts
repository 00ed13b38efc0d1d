import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { readHardware } from "../../src/system/hardware.ts";

function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "assayd-hardware-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

it("reads a Jetson from its device tree and NVIDIA's release file", () => {
  const root = machine({
    "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
    "proc/device-tree/serial-number": "1421222052337\0",
    "etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64\n",
  });
  expect(readHardware(root)).toEqual({
    make: "NVIDIA",
    model: "NVIDIA Jetson Orin Nano Developer Kit",
    jetpack: "R36.4.3",
    serial: "1421222052337",
  });
});

it("reads a PC from DMI, without what its maker left to be filled", () => {
  const root = machine({
    "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
    "sys/class/dmi/id/product_name": "OptiPlex 7090\n",
    "sys/class/dmi/id/product_serial": "To be filled by O.E.M.\n",
  });
  expect(readHardware(root)).toEqual({
    make: "Dell Inc.",
    model: "OptiPlex 7090",
    jetpack: null,
    serial: null,
  });
});

it("gives null for all of it where nothing is said", () => {
  expect(readHardware(machine({}))).toEqual({ make: null, model: null, jetpack: null, serial: null });
});
