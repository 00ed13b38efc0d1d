import { DatabaseSync } from "node:sqlite";
import { Store } from "../../src/store/store.ts";
import { eventOf, rowOf } from "../store/store-fixture.ts";

/**
 * Writes parts and events as fast as it can into the file of its first argument, and says on stdout what is on the disk. With
 * `unsynced` as the second it does as stores do that promise too much, for the test of the test.
 */
const [, , file = "", mode] = process.argv;
if (mode === "unsynced") writeUnsynced();
else await writeParts();

async function writeParts(): Promise<never> {
  const store = await Store.open(file, {
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
}

function writeUnsynced(): void {
  const database = new DatabaseSync(file);
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; CREATE TABLE IF NOT EXISTS part (seq INTEGER PRIMARY KEY)",
  );
  const insert = database.prepare("INSERT INTO part (seq) VALUES (NULL) RETURNING seq");
  const write = (): void => {
    process.stdout.write(`${String(insert.get()?.seq)}\n`);
    setTimeout(write, 2);
  };
  write();
}
