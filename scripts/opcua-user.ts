import { createInterface } from "node:readline/promises";
import { userLine } from "../src/opcua/users.ts";

/** Prints the line of an OPC UA users file; the password comes from stdin, so that it is in no history of commands. */
const [name = ""] = process.argv.slice(2);
if (!/^[^:#\s]{1,64}$/.test(name)) {
  process.stderr.write("Usage: node scripts/opcua-user.ts NAME < password-file >> users\n");
  process.exit(2);
}
const password = await createInterface({ input: process.stdin }).question("");
if (password.length < 8) {
  process.stderr.write("The password has fewer than 8 characters.\n");
  process.exit(2);
}
process.stdout.write(`${await userLine(name, password)}\n`);
