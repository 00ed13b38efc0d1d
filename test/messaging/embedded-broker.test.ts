import { expect, it, onTestFinished } from "vitest";
import { DeliveryError } from "../../src/domain/errors.ts";
import { EmbeddedBroker } from "../../src/messaging/embedded-broker.ts";

it("says what to do where its port is taken", async () => {
  const first = new EmbeddedBroker("127.0.0.1", 0);
  await first.start();
  onTestFinished(() => first.stop());
  const second = new EmbeddedBroker("127.0.0.1", first.port);
  onTestFinished(() => second.stop());
  const refusal = second.start();
  await expect(refusal).rejects.toBeInstanceOf(DeliveryError);
  await expect(refusal).rejects.toThrow(/EADDRINUSE.*free port/);
});
