import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import { brokerChecks } from "../../../src/commands/doctor/broker.ts";
import { cameraChecks, elementsOf } from "../../../src/commands/doctor/cameras.ts";
import {
  carryOut,
  runProgram,
  type Check,
  type Patient,
  type ProgramResult,
} from "../../../src/commands/doctor/check.ts";
import { machineChecks } from "../../../src/commands/doctor/machine.ts";
import { nodeVersion, runtimeChecks } from "../../../src/commands/doctor/runtime.ts";
import { storageChecks } from "../../../src/commands/doctor/storage.ts";
import { configSchema } from "../../../src/config/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "assayd-doctor-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function patient(config: object, answer?: Partial<ProgramResult>): Patient {
  return {
    config: configSchema.parse({ station: { stateDir: join(folder, "state") }, ...config }),
    env: {},
    openCameras: false,
    logger: pino({ enabled: false }),
    run:
      answer === undefined
        ? runProgram
        : () => Promise.resolve({ code: 0, stdout: "", stderr: "", ...answer }),
  };
}

async function find(checks: readonly Check[], name: string) {
  const check = checks.find((candidate) => candidate.name === name);
  if (check === undefined)
    throw new Error(`no check ${name} among ${checks.map((each) => each.name).join(", ")}`);
  return carryOut(check, () => 0);
}

describe("runtime", () => {
  test("only Node 22 from 22.18 on is good", () => {
    expect(["22.18.0", "22.23.3"].map((version) => nodeVersion(version).status)).toEqual(["ok", "ok"]);
    expect(["20.20.2", "22.17.9", "23.0.0"].map((version) => nodeVersion(version).status)).toEqual(
      Array(3).fill("failed"),
    );
  });

  test("the provider that runs is proven, and those that do not are named with their reason", async () => {
    const report = await find(
      runtimeChecks(patient({ inference: { providers: ["cuda", "cpu"] } })),
      "inference",
    );
    expect(report.status).toBe("ok");
    expect(report.message).toContain("CPUExecutionProvider");
  });

  test("the add-ons load in a process of their own", async () => {
    const checks = runtimeChecks(patient({}));
    expect((await find(checks, "capture add-on")).message).toBe("gstreamer-superficial loads");
    expect((await find(checks, "systemd add-on")).message).toBe("sd-notify loads");
  });

  test("a training runtime that does not load fails with the error's own line and the set-up as remedy", async () => {
    const stderr =
      "node:internal\n    throw\nError: libtensorflow_cc.so.2: cannot open shared object file\n    at x\n";
    const report = await find(runtimeChecks(patient({}, { code: 1, stderr })), "training runtime");
    expect(report).toMatchObject({ status: "failed", remedy: "run scripts/setup.sh" });
    expect(report.message).toContain("libtensorflow_cc.so.2");
  });
});

describe("cameras", () => {
  test("elements are read from a launch string without caps, pads and quoted texts", () => {
    const launch =
      'v4l2src device="/dev/v ! fake" ! video/x-raw,format=YUY2 ! tee name=t t. ! queue ! appsink name=a t. ! queue ! jpegenc ! appsink';
    expect(elementsOf(launch)).toEqual(["v4l2src", "tee", "queue", "appsink", "jpegenc"]);
  });

  test("the simulated camera has all its elements", async () => {
    expect(await find(cameraChecks(patient({})), "cam1: GStreamer elements")).toMatchObject({ status: "ok" });
  });

  test("a missing element is named with what brings it", async () => {
    const checks = cameraChecks(patient({ cameras: [{ source: { kind: "csi" } }] }));
    const report = await find(checks, "cam1: GStreamer elements");
    expect(report.message).toContain("nvarguscamerasrc");
    expect(report.remedy).toContain("JetPack");
  });

  test("a device, folder or address that is not there fails with a remedy", async () => {
    const sources = [
      { kind: "v4l2", device: "/dev/video97" },
      { kind: "folder", path: join(folder, "none") },
      { kind: "rtsp", url: "rtsp://127.0.0.1:9/stream" },
    ];
    for (const source of sources) {
      const report = await find(cameraChecks(patient({ cameras: [{ source }] })), "cam1: source");
      expect(report, source.kind).toMatchObject({ status: "failed", remedy: expect.any(String) as string });
    }
  });
});

describe("broker", () => {
  test("the embedded broker's port must be free", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const taken = await find(brokerChecks(patient({ broker: { kind: "embedded", port } })), "broker");
    expect(taken).toMatchObject({ status: "failed" });
    expect(taken.message).toContain("EADDRINUSE");
    await new Promise((resolve) => server.close(resolve));
    expect(await find(brokerChecks(patient({ broker: { kind: "embedded", port } })), "broker")).toMatchObject(
      { status: "ok" },
    );
  });

  test("a broker that is not there fails with its address", async () => {
    const report = await find(
      brokerChecks(patient({ broker: { kind: "external", url: "mqtt://127.0.0.1:9" } })),
      "broker",
    );
    expect(report.status).toBe("failed");
    expect(report.message).toContain("127.0.0.1:9");
  });

  test("a password file that cannot be read fails before anything is sent", async () => {
    const broker = {
      kind: "external",
      url: "mqtt://127.0.0.1:9",
      username: "u",
      passwordFile: join(folder, "nopw"),
    };
    expect((await find(brokerChecks(patient({ broker })), "broker")).message).toContain("nopw");
  });
});

describe("storage", () => {
  test("the state folder is made, written and synced", async () => {
    expect((await find(storageChecks(patient({})), "state folder")).message).toMatch(
      /can be written|is slow/,
    );
    expect((await find(storageChecks(patient({})), "disk space")).message).toMatch(/GiB free/);
  });

  test("a state folder that cannot be made fails", async () => {
    const blocked = join(folder, "a-file");
    writeFileSync(blocked, "");
    const report = await find(
      storageChecks(patient({ station: { stateDir: join(blocked, "state") } })),
      "state folder",
    );
    expect(report).toMatchObject({
      status: "failed",
      remedy: expect.stringContaining("station.stateDir") as string,
    });
  });

  test("a teacher that was never imported fails with the command that does it", async () => {
    const report = await find(storageChecks(patient({ teacher: "resnet18" })), "teacher");
    expect(report).toMatchObject({
      status: "failed",
      remedy: expect.stringContaining("assayd teacher import") as string,
    });
  });
});

describe("machine", () => {
  test("a clock that is not synchronised is a warning; without timedatectl it is skipped", async () => {
    expect(await find(machineChecks(patient({}, { stdout: "no\n" })), "clock")).toMatchObject({
      status: "warning",
    });
    expect(await find(machineChecks(patient({}, { stdout: "yes\n" })), "clock")).toMatchObject({
      status: "ok",
    });
    expect(await find(machineChecks(patient({}, { code: null })), "clock")).toMatchObject({
      status: "skipped",
    });
  });

  test("the unit's state is told", async () => {
    const stdout = "LoadState=loaded\nActiveState=active\n";
    expect((await find(machineChecks(patient({}, { stdout })), "systemd")).message).toBe(
      "assayd.service is active",
    );
  });
});

test("a check that throws is a failed check", async () => {
  const report = await carryOut({ name: "x", find: () => Promise.reject(new Error("bug")) }, () => 0);
  expect(report).toMatchObject({ check: "x", status: "failed" });
});

test("a check that does not end is a failed check", async () => {
  const report = await carryOut({ name: "x", find: () => new Promise(() => undefined) }, () => 0, 20);
  expect(report).toMatchObject({ status: "failed", message: "no answer within 0.02 s" });
});

test("a program that hangs is killed at the time-out", async () => {
  expect(await runProgram("sleep", ["10"], 50)).toMatchObject({ code: null });
  expect(await runProgram("assayd-no-such-program", [], 50)).toMatchObject({ code: null });
});
