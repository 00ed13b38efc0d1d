import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import {
  DataType,
  MessageSecurityMode,
  SecurityPolicy,
  type UserIdentityInfo,
  UserTokenType,
  Variant,
} from "node-opcua-client";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { opcuaSchema } from "../../src/config/opcua-schema.ts";
import { OpcuaService, type OpcuaStatus } from "../../src/opcua/service.ts";
import { userLine } from "../../src/opcua/users.ts";
import { until, TestClient, type SeenEvent } from "./client.ts";
import { FakeStation, inspectionOf } from "./fake-station.ts";

vi.setConfig({ testTimeout: 60_000 }); // guards against a hang, no promise of speed

const logger = pino({ level: "silent" });
const operator = { type: UserTokenType.UserName, userName: "line1", password: "correct horse" } as const;
const stateDir = mkdtempSync(join(tmpdir(), "assayd-opcua-"));
const usersFile = join(stateDir, "users");
const station = new FakeStation();
let service: OpcuaService;
let url: string;
let client: TestClient;
let certificates: OPCUACertificateManager;

beforeAll(async () => {
  writeFileSync(usersFile, `# users of the line\n${await userLine("line1", "correct horse")}\n`);
  const config = opcuaSchema.parse({
    enabled: true,
    port: 0,
    results: 5,
    users: { file: usersFile },
  });
  service = new OpcuaService({
    config,
    stateDir,
    view: station.view,
    actions: station,
    logger,
    now: () => performance.now(),
    restart: { firstMs: 20, maxMs: 100 },
  });
  station.onChange = () => {
    service.lineChanged();
  };
  station.onInspected = (inspection) => {
    service.inspected(inspection);
  };
  await service.start();
  url = await listening();
  certificates = new OPCUACertificateManager({
    rootFolder: join(stateDir, "client"),
    automaticallyAcceptUnknownCertificate: true,
  });
  await certificates.initialize();
  client = await connect(operator);
  await client.read("cam1", "SystemState"); // the client reads all data types of the server now
}, 120_000);

afterAll(async () => {
  await client.close();
  await service.stop();
  await certificates.dispose();
  rmSync(stateDir, { recursive: true });
});

beforeEach(async () => {
  station.judge = () => Promise.resolve({});
  for (const camera of ["cam1", "cam2"]) {
    station.set(camera, { running: false });
    station.set(camera, { running: true, fault: null, awaitsReset: false, hasModel: true });
  }
  await until(async () => (await client.state("cam1")) === "Operational/Ready");
  await until(async () => (await client.state("cam2")) === "Operational/ContinuousExecution");
  station.asked.length = 0;
});

afterEach(async () => {
  await client.unfollow();
});

function connect(user?: UserIdentityInfo, options: object = {}): Promise<TestClient> {
  return TestClient.connect(url, user, { clientCertificateManager: certificates, ...options });
}

async function listening(): Promise<string> {
  const { detail } = await until(
    () => (service.status.state === "listening" ? service.status : null),
    60_000,
  );
  return detail.split(", ")[0]!;
}

/** Types of events, without repeating what each StateChanged is about. */
const typesOf = (events: readonly SeenEvent[]): string[] =>
  events.map(({ type, transition }) => (type === "StateChanged" ? `→ ${transition ?? ""}` : type));

describe("the vision system of a camera", () => {
  it("shows the state of its line, with the numbers of the companion specification", async () => {
    expect(await client.state("cam1")).toBe("Operational/Ready");
    expect(await client.state("cam2")).toBe("Operational/ContinuousExecution");
    expect(await client.read("cam1", "VisionStateMachine/0:CurrentState/0:Number")).toBe(4);
    const inner = "VisionStateMachine/AutomaticModeStateMachine/0:CurrentState";
    expect(await client.read("cam1", `${inner}/0:Number`)).toBe(6);
    expect(await client.read("cam2", `${inner}/0:Number`)).toBe(8);
    expect(await client.read("cam2", "SystemState")).toMatchObject({ state: 1 });
  });

  it("follows a fault and its end, with events for every step", async () => {
    const events = await client.follow("cam2");
    station.set("cam2", {
      fault: { code: "camera-lost", text: "the camera is gone", since: "2026-01-01T00:00:00Z" },
    });
    await until(async () => (await client.state("cam2")) === "Error");
    const inner = "VisionStateMachine/AutomaticModeStateMachine/0:CurrentState";
    expect(await client.read("cam2", `${inner}/0:Number`)).toBe("BadStateNotActive");
    station.set("cam2", { fault: null });
    await until(async () => (await client.state("cam2")) === "Operational/ContinuousExecution");
    await until(() => events.length >= 7);
    expect(typesOf(events)).toEqual([
      "→ OperationalToErrorAuto",
      "Error",
      "→ ErrorToOperationalAuto",
      "ErrorResolved",
      "→ InitializedToReadyAuto",
      "→ ReadyToContinuousExecutionAuto",
      "JobStarted",
    ]);
    expect(events[1]?.message).toBe("the camera is gone");
  });

  it("judges a part by StartSingleJob: the verdict comes as ResultReady and can be fetched", async () => {
    const events = await client.follow("cam1");
    const { promise: judged, resolve: judge } = Promise.withResolvers<object>();
    station.judge = () => judged;
    const started = await client.call(
      "cam1",
      "VisionStateMachine/AutomaticModeStateMachine/StartSingleJob",
      await client.start({ part: " part-7 ", meas: "m-1" }),
    );
    expect(started.statusCode.name).toBe("Good");
    const [job, error] = started.outputArguments!.map(({ value }) => value as unknown);
    expect(error).toBe(0);
    await until(async () => (await client.state("cam1")) === "Operational/SingleExecution");
    judge({ verdict: "NG", action: "reject", score: 0.75 });
    await until(async () => (await client.state("cam1")) === "Operational/Ready");
    await until(() => events.length >= 6);
    expect(typesOf(events)).toEqual([
      "→ ReadyToSingleExecution",
      "JobStarted",
      "AcquisitionDone",
      "ResultReady",
      "→ SingleExecutionToReadyAuto",
      "Ready",
    ]);
    const jobId = (job as { id: string }).id;
    const ready = events[3]!;
    expect(ready).toMatchObject({ jobId, resultState: 1, partId: "part-7", message: "NG (score)" });
    expect(ready.content?.slice(0, 5)).toEqual(["NG", "reject", "score", 0.75, 0.5]);
    expect(JSON.parse(ready.content?.[5] as string)).toMatchObject({
      inspection_id: ready.resultId,
      job_id: jobId,
      meas_id: "m-1",
      recipe: { id: "bottle" },
    });
    expect(
      events.filter(({ type }) => /Job|Ready|Acq/.test(type)).every((event) => event.jobId === jobId),
    ).toBe(true);
    expect(station.asked).toEqual(["trigger cam1 part-7"]);

    const byId = await client.call("cam1", "ResultManagement/GetResultById", [
      await client.structure("ResultIdDataType", { id: ready.resultId }),
      new Variant({ dataType: DataType.Int32, value: 0 }),
    ]);
    expect(byId.outputArguments![1]!.value).toMatchObject({
      resultId: { id: ready.resultId },
      jobId: { id: jobId },
      measId: { id: "m-1" },
      partId: { id: "part-7" },
      internalRecipeId: { id: "bottle", version: "3" },
      internalConfigurationId: { id: "c0ffee" },
      isSimulated: true,
      isPartial: false,
      resultState: 1,
      processingTimes: { acquisitionDuration: 10, processingDuration: 20 },
    });
    const components = await client.call("cam1", "ResultManagement/GetResultComponentsById", [
      await client.structure("ResultIdDataType", { id: ready.resultId }),
      new Variant({ dataType: DataType.Int32, value: 0 }),
    ]);
    expect(components.outputArguments).toHaveLength(17);
    expect(components.outputArguments![12]!.value).toMatchObject({ id: jobId });
  });

  it("tells once for each part that its picture is taken, as soon as the station does", async () => {
    const events = await client.follow("cam2");
    service.acquired("cam2", "t-1");
    await until(() => events.length === 1);
    service.acquired("cam2", "t-2");
    service.inspected(inspectionOf({ camera: "cam2", inspectionId: "p-1", triggerId: "t-1" }));
    service.inspected(inspectionOf({ camera: "cam2", inspectionId: "p-2", triggerId: "t-2" }));
    service.inspected(inspectionOf({ camera: "cam2", inspectionId: "p-3", triggerId: "t-3" }));
    await until(() => events.length >= 6);
    expect(typesOf(events)).toEqual([
      "AcquisitionDone",
      "AcquisitionDone",
      "ResultReady",
      "ResultReady",
      "AcquisitionDone",
      "ResultReady",
    ]);
    expect(new Set(events.map(({ jobId }) => jobId)).size).toBe(1); // one job until Stop
  });

  it("gives the newest results, by filter and in pages", async () => {
    for (const [index, part] of ["a", "b", "c", "d", "e", "f", "g"].entries()) {
      const change = part === "f" ? ({ verdict: "ERR", reason: "late" } as const) : {};
      service.inspected(
        inspectionOf({ inspectionId: `r-${index}`, triggerId: `t-${index}`, partId: part, ...change }),
      );
    }
    const list = async (state: number, part: string, max: number, start: number) => {
      const empty = async (type: string) => client.structure(type, { id: "" });
      const result = await client.call("cam1", "ResultManagement/GetResultListFiltered", [
        new Variant({ dataType: DataType.Int32, value: state }),
        await empty("MeasIdDataType"),
        await client.structure("PartIdDataType", { id: part }),
        await empty("RecipeIdExternalDataType"),
        await empty("RecipeIdInternalDataType"),
        await empty("ConfigurationIdDataType"),
        await empty("ConfigurationIdDataType"),
        await empty("ProductIdDataType"),
        await empty("JobIdDataType"),
        new Variant({ dataType: DataType.UInt32, value: max }),
        new Variant({ dataType: DataType.UInt32, value: start }),
        new Variant({ dataType: DataType.Int32, value: 0 }),
      ]);
      expect(result.statusCode.name).toBe("Good");
      const [isComplete, count, , results] = result.outputArguments!.map(({ value }) => value as unknown);
      const ids = (results as { resultId: { id: string } }[]).map(({ resultId }) => resultId.id);
      expect(count).toBe(ids.length);
      return { isComplete, ids };
    };
    await until(async () => (await list(0, "", 1, 0)).ids[0] === "r-6");
    expect(await list(0, "", 0, 0)).toEqual({ isComplete: true, ids: ["r-6", "r-5", "r-4", "r-3", "r-2"] });
    expect(await list(0, "", 2, 1)).toEqual({ isComplete: false, ids: ["r-5", "r-4"] });
    expect(await list(3, "", 0, 0)).toEqual({ isComplete: true, ids: ["r-5"] });
    expect(await list(0, "d", 0, 0)).toEqual({ isComplete: true, ids: ["r-3"] });
    expect(await list(0, "nobody", 0, 0)).toEqual({ isComplete: true, ids: [] });
  });

  it("stops and starts a line that runs by itself, and holds it as a client put it", async () => {
    const inner = "VisionStateMachine/AutomaticModeStateMachine";
    const cause = [
      new Variant({ dataType: DataType.Int32, value: 1 }),
      new Variant({ dataType: DataType.String, value: "test" }),
    ];
    const state = () => client.state("cam2");
    const events = await client.follow("cam2");
    expect((await client.call("cam2", `${inner}/Stop`, cause)).statusCode.name).toBe("Good");
    await until(async () => (await state()) === "Operational/Ready");
    expect((await client.call("cam2", "VisionStateMachine/Halt", cause)).statusCode.name).toBe("Good");
    await until(async () => (await state()) === "Halted");
    expect(
      (await client.call("cam2", `${inner}/StartContinuous`, await client.start({}))).statusCode.name,
    ).toBe("BadInvalidState");
    await client.call("cam2", "VisionStateMachine/Reset", cause);
    await until(async () => (await state()) === "Preoperational");
    await client.call("cam2", "VisionStateMachine/SelectModeAutomatic");
    await until(async () => (await state()) === "Operational/Initialized");
    const prepared = await client.call("cam2", "RecipeManagement/PrepareRecipe", [
      await client.structure("RecipeIdExternalDataType", { id: "can" }),
      await client.structure("RecipeIdInternalDataType", { id: "" }),
    ]);
    expect(prepared.outputArguments!.map(({ value }) => value as unknown)).toMatchObject([
      { id: "can" },
      true,
      0,
    ]);
    await until(async () => (await state()) === "Operational/Ready");
    expect(station.lines.cam2).toMatchObject({ running: false, recipe: { id: "can" } });
    expect(
      (await client.call("cam2", `${inner}/StartContinuous`, await client.start({}))).statusCode.name,
    ).toBe("Good");
    await until(async () => (await state()) === "Operational/ContinuousExecution");
    await until(() => events.at(-1)?.type === "JobStarted");
    const types = typesOf(events);
    const prepares = types.splice(5, 2); // the call's answer and the new state come by themselves, either may be first
    expect(new Set(prepares)).toEqual(new Set(["→ InitializedToReadyRecipe", "RecipePrepared"]));
    expect(types).toEqual([
      "→ ContinuousExecutionToReadyStop",
      "Ready",
      "→ OperationalToHalted",
      "→ HaltedToPreoperational",
      "→ PreoperationalToInitialized",
      "→ ReadyToContinuousExecution",
      "JobStarted",
    ]);
    expect(station.asked).toEqual([
      "stop cam2 opcua:line1",
      "reset cam2 opcua:line1",
      "select cam2 can opcua:line1",
      "start cam2 opcua:line1",
    ]);
  });

  it("says which recipes there are and which are prepared", async () => {
    const list = async (isPrepared: number) => {
      const { outputArguments } = await client.call("cam1", "RecipeManagement/GetRecipeListFiltered", [
        await client.structure("RecipeIdExternalDataType", { id: "" }),
        await client.structure("ProductIdDataType", { id: "" }),
        new Variant({ dataType: DataType.Int32, value: isPrepared }),
        new Variant({ dataType: DataType.UInt32, value: 0 }),
        new Variant({ dataType: DataType.UInt32, value: 0 }),
        new Variant({ dataType: DataType.Int32, value: 0 }),
      ]);
      return (outputArguments![3]!.value as { id: string }[]).map(({ id }) => id);
    };
    expect(await list(2)).toEqual(["bottle", "can"]);
    const all = [...(await list(0)), ...(await list(1))];
    expect(all.sort()).toEqual(["bottle", "can"]);
    expect(await list(1)).toContain("bottle");
  });
});

describe("what is refused", () => {
  const start = "VisionStateMachine/AutomaticModeStateMachine/StartSingleJob";

  it.each([
    ["a recipe that is not there", { recipe: "nobody's" }, "BadInvalidArgument"],
    ["an id of 300 characters", { part: "x".repeat(300) }, "BadInvalidArgument"],
  ])("%s", async (_words, ids, status) => {
    const { statusCode } = await client.call("cam1", start, await client.start(ids));
    expect(statusCode.name).toBe(status);
    expect(station.asked).toEqual([]);
  });

  it("too few arguments, and arguments of another type", async () => {
    const inputs = await client.start({});
    expect((await client.call("cam1", start, inputs.slice(0, 3))).statusCode.name).toBe(
      "BadArgumentsMissing",
    );
    const wrong = [new Variant({ dataType: DataType.String, value: "part-1" }), ...inputs.slice(1)];
    expect((await client.call("cam1", start, wrong)).statusCode.name).toBe("BadInvalidArgument");
    const swapped = [inputs[0]!, await client.structure("ResultIdDataType", { id: "r" }), ...inputs.slice(2)];
    expect((await client.call("cam1", start, swapped)).statusCode.name).toBe("BadInvalidArgument");
    expect(station.asked).toEqual([]);
  });

  it("a call that the state does not take, and one that the line cannot do", async () => {
    expect((await client.call("cam2", start, await client.start({}))).statusCode.name).toBe(
      "BadInvalidState",
    );
    const continuous = "VisionStateMachine/AutomaticModeStateMachine/StartContinuous";
    expect((await client.call("cam1", continuous, await client.start({}))).statusCode.name).toBe(
      "BadNotSupported",
    );
    expect(station.asked).toEqual([]);
  });

  it("a result that is not there", async () => {
    const { statusCode } = await client.call("cam1", "ResultManagement/GetResultById", [
      await client.structure("ResultIdDataType", { id: "nobody's" }),
      new Variant({ dataType: DataType.Int32, value: 0 }),
    ]);
    expect(statusCode.name).toBe("BadNotFound");
  });

  it("a wrong password and a name that nobody has", async () => {
    for (const user of [
      { ...operator, password: "wrong" },
      { ...operator, userName: "nobody" },
    ]) {
      await expect(connect(user)).rejects.toThrow(/BadUserAccessDenied|BadIdentityTokenRejected/);
    }
  });

  it("methods without a user; reading is free", async () => {
    const anonymous = await connect();
    try {
      expect(await anonymous.state("cam1")).toBe("Operational/Ready");
      const { statusCode } = await anonymous.call("cam1", start, await client.start({}));
      expect(statusCode.name).toBe("BadUserAccessDenied");
      const nodeId = await anonymous.node("cam1", "SystemState");
      const value = { value: { dataType: DataType.String, value: "x" } };
      const written = await anonymous.session.write({ nodeId, attributeId: 13, value });
      expect(written.isGood()).toBe(false);
    } finally {
      await anonymous.close();
    }
    expect(station.asked).toEqual([]);
  });
});

describe("sessions", () => {
  it("work encrypted for clients whose certificate somebody put among the trusted ones", async () => {
    const encrypted = () =>
      connect(operator, {
        securityMode: MessageSecurityMode.SignAndEncrypt,
        securityPolicy: SecurityPolicy.Basic256Sha256,
      });
    const pki = join(stateDir, "opcua", "pki");
    const rejected = () => readdirSync(join(pki, "rejected"));
    await expect(encrypted()).rejects.toThrow(); // no word why: BadSecurityChecksFailed
    const [file] = await until(() => (rejected().length > 0 ? rejected() : null));
    renameSync(join(pki, "rejected", file!), join(pki, "trusted", "certs", file!));
    const trusted = await until(() => encrypted().catch(() => null));
    try {
      expect(await trusted.state("cam1")).toBe("Operational/Ready");
    } finally {
      await trusted.close();
    }
    expect(statSync(pki).mode & 0o077).toBe(0);
  });

  it("leave nothing behind: 50 opened, half of them closed, half just dropped", async () => {
    await client.close();
    await until(() => service.status.sessions === 0);
    for (let index = 0; index < 50; index += 1) {
      const one = await connect(undefined, {
        requestedSessionTimeout: 1000,
        keepSessionAlive: false,
      });
      if (index % 2 === 0) await one.close();
      else await one.client.disconnect();
    }
    await until(() => service.status.sessions === 0);
    client = await connect(operator);
    expect(await client.state("cam1")).toBe("Operational/Ready");
  });
});

describe("the process", () => {
  it("outlives bytes that are no OPC UA", async () => {
    const { port } = new URL(url.replace("opc.tcp", "http"));
    const { pid } = service.status;
    const anything = fc.uint8Array({ minLength: 1, maxLength: 4000 });
    const withHello = fc.tuple(fc.boolean(), anything, fc.nat(0xffffffff));
    for (const [hello, bytes, length] of fc.sample(withHello, { numRuns: 100, seed: 40100 })) {
      const head = Buffer.from("HELF\0\0\0\0"); // a hello of any length
      head.writeUInt32LE(length, 4);
      await new Promise<void>((resolve) => {
        const socket = connectTcp(Number(port), "127.0.0.1", () => {
          socket.end(hello ? Buffer.concat([head, bytes]) : bytes);
        });
        socket.on("error", () => undefined);
        socket.on("close", () => {
          resolve();
        });
        socket.resume();
        socket.setTimeout(500, () => socket.destroy());
      });
    }
    expect(await client.state("cam1")).toBe("Operational/Ready");
    expect(service.status.pid).toBe(pid);
  });

  it("comes back after kill -9 with the state and the results of before; the station goes on meanwhile", async () => {
    service.inspected(inspectionOf({ inspectionId: "before", triggerId: "t-before" }));
    await client.client.disconnect();
    const { pid, restarts } = service.status;
    process.kill(pid!, "SIGKILL");
    await until(() => service.status.state !== "listening");
    service.inspected(inspectionOf({ inspectionId: "while-dead", triggerId: "t-dead" }));
    station.set("cam1", { hasModel: false });
    url = await listening();
    expect(service.status.restarts).toBe(restarts + 1);
    expect(service.status.pid).not.toBe(pid);
    client = await connect(operator);
    expect(await client.state("cam1")).toBe("Operational/Initialized");
    for (const id of ["before", "while-dead"]) {
      const { statusCode } = await client.call("cam1", "ResultManagement/GetResultById", [
        await client.structure("ResultIdDataType", { id }),
        new Variant({ dataType: DataType.Int32, value: 0 }),
      ]);
      expect(statusCode.name).toBe("Good");
    }
  });

  it("may hang: the newest results are kept for it up to a bound, the rest is counted", async () => {
    const { pid, dropped } = service.status;
    process.kill(pid!, "SIGSTOP");
    for (let index = 0; index < 1500; index += 1) {
      service.inspected(inspectionOf({ inspectionId: `hang-${index}`, triggerId: `t-${index}` }));
    }
    process.kill(pid!, "SIGCONT");
    const lost = service.status.dropped - dropped;
    expect(lost).toBeGreaterThanOrEqual(1500 - 1000 - 32); // the window may have held a state
    expect(lost).toBeLessThanOrEqual(1500 - 1000);
    await until(async () => {
      const { statusCode } = await client.call("cam1", "ResultManagement/GetResultById", [
        await client.structure("ResultIdDataType", { id: "hang-1499" }),
        new Variant({ dataType: DataType.Int32, value: 0 }),
      ]);
      return statusCode.isGood();
    });
    expect(service.status.state satisfies OpcuaStatus["state"]).toBe("listening");
  });
});
