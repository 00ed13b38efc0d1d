import { connect, type Socket } from "node:net";
import modbusSerial from "modbus-serial";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  ModbusServer,
  type ModbusServerEvent,
  type ModbusServerOptions,
} from "../../../src/plc/modbus/server.ts";
import { MemoryUnit } from "./memory-unit.ts";

let unit: MemoryUnit;
let server: ModbusServer;
let events: ModbusServerEvent[];
type Client = InstanceType<typeof modbusSerial.default>;
const clients: Client[] = [];
const sockets: Socket[] = [];

async function start(options: Partial<ModbusServerOptions> = {}, size = 32): Promise<void> {
  unit = new MemoryUnit(size);
  const log: ModbusServerEvent[] = [];
  events = log;
  server = new ModbusServer({
    host: "127.0.0.1",
    port: 0,
    allow: [],
    maxClients: 16,
    unit: (id) => (id === 1 ? unit : null),
    now: () => performance.now(),
    log: (event) => log.push(event),
    ...options,
  });
  await server.start();
}

async function client(): Promise<Client> {
  const made = new modbusSerial.default();
  await made.connectTCP("127.0.0.1", { port: server.port });
  made.setID(1);
  made.setTimeout(5000);
  clients.push(made);
  return made;
}

async function raw(): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  sockets.push(socket);
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

function received(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      all = Buffer.concat([all, chunk]);
      if (all.length >= bytes) resolve(all);
    });
  });
}

const READ_ONE = Buffer.from([0, 9, 0, 0, 0, 6, 1, 4, 0, 0, 0, 1]);

beforeEach(() => start());
afterEach(async () => {
  for (const made of clients.splice(0)) made.close(() => undefined);
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

describe("an independent client", () => {
  it("reads and writes all four tables", async () => {
    const plc = await client();
    await plc.writeCoil(3, true);
    await plc.writeCoils(8, [true, false, true]);
    expect((await plc.readCoils(0, 11)).data.slice(0, 11)).toEqual(
      [3, 8, 10].reduce((bits, at) => bits.with(at, true), new Array<boolean>(11).fill(false)),
    );
    await plc.writeRegister(1, 0xabcd);
    await plc.writeRegisters(2, [1, 2, 3]);
    expect((await plc.readHoldingRegisters(1, 4)).data).toEqual([0xabcd, 1, 2, 3]);
    unit.tables["input-registers"][5] = 99;
    unit.tables["discrete-inputs"][2] = 1;
    expect((await plc.readInputRegisters(5, 1)).data).toEqual([99]);
    expect((await plc.readDiscreteInputs(0, 3)).data.slice(0, 3)).toEqual([false, false, true]);
    await plc.maskWriteRegister(1, 0xff00, 0x0012);
    expect((await plc.readHoldingRegisters(1, 1)).data).toEqual([0xab12]);
  });

  it("gets exception 2 for addresses that do not exist, 3 for values that may not be", async () => {
    const plc = await client();
    const of = (work: Promise<unknown>) =>
      work.then(
        () => 0,
        (error: unknown) => (error as { modbusCode: number }).modbusCode,
      );
    expect(await of(plc.readInputRegisters(30, 10))).toBe(2);
    expect(await of(plc.readHoldingRegisters(65_535, 1))).toBe(2);
    expect(await of(plc.writeRegister(32, 1))).toBe(2);
    expect(await of(plc.writeRegisters(30, [1, 2, 3]))).toBe(2);
    expect(await of(plc.writeRegister(0, 666))).toBe(3);
    expect(await of(plc.readInputRegisters(0, 126))).toBe(3);
    expect(await of(plc.readInputRegisters(0, 0))).toBe(3);
    plc.setID(2);
    expect(await of(plc.readInputRegisters(0, 1))).toBe(0x0b);
  });
});

describe("the network", () => {
  it("may cut requests anywhere and join them", async () => {
    const socket = await raw();
    const answer = received(socket, 22);
    const bytes = Buffer.concat([READ_ONE, READ_ONE]);
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await answer).toString("hex")).toBe("0009000000050104020000".repeat(2));
  });

  it.each([
    ["another protocol", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a length of none", Buffer.from([0, 1, 0, 0, 0, 0, 1, 4])],
    ["a length above the standard's", Buffer.from([0, 1, 0, 0, 0xff, 0xff, 1, 4])],
  ])("is hung up on by %s, and goes on for others", async (_, bytes) => {
    const socket = await raw();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(bytes);
    await closed;
    expect((await (await client()).readInputRegisters(0, 1)).data).toEqual([0]);
  });

  it("reads no more from a client that does not fetch its answers, serves others, and loses none", async () => {
    await server.stop();
    await start({}, 128);
    const flood = await raw();
    flood.pause();
    // Function 23: 121 registers there, 125 back; more in both directions than the buffers of the system hold.
    const request = Buffer.alloc(259);
    request.set([0, 1, 0, 0, 0, 253, 1, 23, 0, 0, 0, 125, 0, 0, 0, 121, 242]);
    const [count, answerBytes] = [80_000, 259];
    for (let sent = 0; sent < count; sent += 1000) {
      flood.write(Buffer.concat(new Array<Buffer>(1000).fill(request)));
    }
    const reads: number[] = [-4, -3, -2, -1];
    while (new Set(reads.slice(-4)).size > 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      reads.push(unit.reads);
    }
    expect(flood.writableLength).toBeGreaterThan(0);
    const plc = await client();
    await plc.writeRegister(1, 7);
    expect((await plc.readHoldingRegisters(1, 1)).data).toEqual([7]);
    let fetched = 0;
    flood.on("data", (chunk) => (fetched += chunk.length));
    flood.resume();
    await expect.poll(() => fetched, { timeout: 15_000 }).toBe(count * answerBytes);
  });
});

/** A clock that goes 0.3 ms on each time it is looked at: turns end after a few clients, however fast the machine is. */
it("gives other work its turn between the requests of a burst", async () => {
  await server.stop();
  let time = 0;
  await start({ now: () => (time += 0.3) });
  const socket = await raw();
  const answers = received(socket, 400 * 11);
  let turns = 0;
  let isDone = false;
  const other = (): void => {
    turns += 1;
    if (!isDone) setImmediate(other);
  };
  setImmediate(other);
  socket.write(Buffer.concat(new Array<Buffer>(400).fill(READ_ONE)));
  await answers;
  isDone = true;
  expect(turns).toBeGreaterThan(20);
});

describe("clients", () => {
  it("are refused where the allow-list does not name them", async () => {
    await server.stop();
    await start({ allow: ["10.0.0.0/8", "192.168.7.9"] });
    const socket = await raw();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(events).toEqual([{ type: "refused", client: "127.0.0.1" }]);
    expect(server.clients).toBe(0);
  });

  it("are let in by their network", async () => {
    await server.stop();
    await start({ allow: ["127.0.0.0/8"] });
    expect((await (await client()).readInputRegisters(0, 1)).data).toEqual([0]);
  });

  it("beyond the limit close the one that was silent for longest", async () => {
    await server.stop();
    let time = 0;
    await start({ maxClients: 2, now: () => (time += 1) });
    const [silent, active] = [await raw(), await client()];
    await active.readInputRegisters(0, 1);
    const closed = new Promise((resolve) => silent.once("close", resolve));
    const third = await client();
    await closed;
    await active.readInputRegisters(0, 1);
    await third.readInputRegisters(0, 1);
    expect(server.clients).toBe(2);
  });
});

it("stops with clients connected", async () => {
  const socket = await raw();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await server.stop();
  await closed;
  expect(server.port).toBe(0);
});
