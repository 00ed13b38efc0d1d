import { describe, expect, it } from "vitest";
import { NewestOrder } from "../../../src/plc/outputs/newest-order.ts";
import { FakeClock } from "../reject/fake-clock.ts";

function createOrders(depth = 1) {
  const clock = new FakeClock();
  const carriedOut: boolean[] = [];
  let timeouts = 0;
  const orders = new NewestOrder({
    carryOut: (energised) => carriedOut.push(energised),
    depth,
    timeoutMs: 200,
    onTimeout: () => (timeouts += 1),
    clock,
  });
  return { clock, carriedOut, orders, timeouts: () => timeouts };
}

describe("orders for a slow device", () => {
  it("wait until it is there; then the newest is carried out", () => {
    const { orders, carriedOut } = createOrders();
    for (const energised of [true, false, true]) orders.want(energised);
    expect(carriedOut).toEqual([]);
    orders.open(null);
    expect(carriedOut).toEqual([true]);
    expect(orders.overtaken).toBe(0);
  });

  it("go one at a time; one that was overtaken is left out and counted", () => {
    const { orders, carriedOut } = createOrders();
    orders.open(false);
    for (const energised of [true, false, true, false]) orders.want(energised);
    expect(carriedOut).toEqual([true]);
    orders.done();
    expect(carriedOut).toEqual([true, false]);
    expect(orders.overtaken).toBe(1);
    orders.done();
    expect(orders.known).toBe(false);
    expect(orders.settled).toBe(true);
  });

  it("do not wait for an answer on a connection that keeps their order, up to its depth", () => {
    const { orders, carriedOut } = createOrders(2);
    orders.open(false);
    for (const energised of [true, false, true]) orders.want(energised);
    expect(carriedOut).toEqual([true, false]);
    expect(orders.overtaken).toBe(0);
    orders.done();
    expect(carriedOut).toEqual([true, false, true]);
    orders.done();
    expect(orders.known).toBeNull();
    orders.done();
    expect(orders.known).toBe(true);
  });

  it("that change nothing are not carried out", () => {
    const { orders, carriedOut } = createOrders();
    orders.open(true);
    orders.want(true);
    expect(carriedOut).toEqual([]);
    orders.refresh();
    expect(carriedOut).toEqual([true]);
  });

  it("time out when nobody confirms them, and are known again only after that", () => {
    const { orders, clock, timeouts } = createOrders();
    orders.open(false);
    orders.want(true);
    clock.runTo(199);
    expect([timeouts(), orders.known]).toEqual([0, null]);
    clock.runTo(201);
    expect(timeouts()).toBe(1);
    orders.close();
    orders.done();
    expect(orders.known).toBeNull();
  });

  it("settle when the last one is confirmed, when the device goes, or when time is up", async () => {
    const confirmed = createOrders();
    confirmed.orders.open(false);
    confirmed.orders.want(true);
    const settled = confirmed.orders.settle(500);
    confirmed.orders.done();
    await settled;
    expect(confirmed.orders.settled).toBe(true);
    const slow = createOrders();
    slow.orders.open(false);
    slow.orders.want(true);
    const given = slow.orders.settle(100);
    slow.clock.runTo(101);
    await given;
    expect(slow.orders.settled).toBe(false);
    const gone = slow.orders.settle(1000);
    slow.orders.close();
    await gone;
    expect(slow.clock.waiting).toBe(0);
  });
});
