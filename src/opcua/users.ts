import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ConfigError } from "../domain/errors.ts";

/** Cost of a password's hash: about 50 ms and 16 MiB on a small machine. */
const COST = { N: 16_384, r: 8, p: 1 } as const;
const KEY_BYTES = 32;
/** Checks that may wait; more are refused, so that guessing cannot fill the memory. */
const MAX_WAITING = 16;
const FAILURE_DELAY = { firstMs: 100, maxMs: 5000 } as const;
const LINE = /^([^:#\s]{1,64}):scrypt:([A-Za-z0-9_-]{22}):([A-Za-z0-9_-]{43})$/;

interface Credentials {
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** The line of a users file: `name:scrypt:<salt>:<key>`. */
export async function userLine(name: string, password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt);
  return `${name}:scrypt:${salt.toString("base64url")}:${key.toString("base64url")}`;
}

/**
 * Users who may call methods. Passwords are checked one after the other, and after wrong ones ever more slowly (to 5 s); no
 * name is ever locked out. An unknown name takes as long as a known one.
 */
export class Users {
  readonly #known: ReadonlyMap<string, Credentials>;
  readonly #decoy: Credentials = { salt: randomBytes(16), key: randomBytes(KEY_BYTES) };
  readonly #sleep: (ms: number) => Promise<void>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #delayMs = 0;

  /**
   * @param text lines of `userLine`, empty ones, and comments that begin with #
   * @throws ConfigError `opcua-users` for a line of another form, with its number
   */
  constructor(text: string, sleep: (ms: number) => Promise<void>) {
    this.#known = parseUsers(text);
    this.#sleep = sleep;
  }

  /** @throws ConfigError `opcua-users` if the file cannot be read or has a wrong line; null: nobody. */
  static async read(file: string | null, sleep: (ms: number) => Promise<void>): Promise<Users> {
    if (file === null) return new Users("", sleep);
    try {
      return new Users(await readFile(file, "utf8"), sleep);
    } catch (cause) {
      if (cause instanceof ConfigError) throw cause;
      throw new ConfigError("opcua-users", `The users file ${file} of opcua.users cannot be read.`, {
        cause,
      });
    }
  }

  async isValid(name: string, password: string): Promise<boolean> {
    if (this.#waiting >= MAX_WAITING) return false;
    this.#waiting += 1;
    const check = this.#last.then(() => this.#check(name, password));
    this.#last = check.catch(() => undefined);
    try {
      return await check;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #check(name: string, password: string): Promise<boolean> {
    if (this.#delayMs > 0) await this.#sleep(this.#delayMs);
    const user = this.#known.get(name);
    const { salt, key } = user ?? this.#decoy;
    const right = timingSafeEqual(await derive(password, salt), key) && user !== undefined;
    const doubled = Math.min(FAILURE_DELAY.maxMs, Math.max(FAILURE_DELAY.firstMs, this.#delayMs * 2));
    this.#delayMs = right ? 0 : doubled;
    return right;
  }
}

function parseUsers(text: string): Map<string, Credentials> {
  const users = new Map<string, Credentials>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const [, name, salt, key] = LINE.exec(line.trim()) ?? [];
    if (name === undefined || salt === undefined || key === undefined) {
      throw new ConfigError(
        "opcua-users",
        `Line ${index + 1} of the users file is not name:scrypt:salt:key; make it with scripts/opcua-user.ts.`,
      );
    }
    users.set(name, { salt: Buffer.from(salt, "base64url"), key: Buffer.from(key, "base64url") });
  }
  return users;
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, COST, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
