import { Store } from "../../src/store/store.ts";
import { eventOf, rowOf } from "../store/store-fixture.ts";

/** Writes parts and events as fast as it can into the file of its argument, and says on stdout what is on the disk. */
const store = await Store.open(process.argv[2] ?? "", {
  maxMessages: 100_000,
  historyDays: 30,
  now: Date.now,
  onFailure: (failure) => process.stderr.write(`${JSON.stringify(failure)}\n`),
});
for (let seq = store.nextSeq("cam1"); ; seq += 10) {
  const rows = Array.from({ length: 10 }, (_, index) => rowOf(seq + index, {}, 300));
  store.append([...rows, eventOf("written", { seq })]);
  await store.flush(10_000);
  process.stdout.write(`${seq + 9}\n`);
}
