import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Validity {
  /** e.g. `IP:127.0.0.1` or `DNS:broker.example` */
  readonly names?: string;
  /** Ended yesterday. */
  readonly expired?: boolean;
}

/** A small certificate authority of the tests, made with openssl (P-256 keys: RSA takes seconds on a loaded machine). */
export class CertificateAuthority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.#openssl(
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    );
  }

  /** `<file>.crt` and `<file>.key` of a broker. */
  server(file: string, validity: Validity): void {
    this.#issue(file, "broker", validity);
  }

  /** `<user>.crt` and `<user>.key` of a client. */
  client(user: string, validity: Validity = {}): void {
    this.#issue(user, user, validity);
  }

  #issue(file: string, commonName: string, { names, expired = false }: Validity): void {
    const ca = this.#name;
    this.#openssl(
      "req",
      ...KEY,
      "-keyout",
      `${file}.key`,
      "-out",
      `${file}.csr`,
      "-subj",
      `/CN=${commonName}`,
    );
    writeFileSync(join(this.#folder, `${file}.ext`), names === undefined ? "" : `subjectAltName=${names}\n`);
    const signed = ["-CA", `${ca}.crt`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-extfile", `${file}.ext`];
    const days = expired ? "-1" : "1"; // notAfter before now
    this.#openssl("x509", "-req", "-in", `${file}.csr`, ...signed, "-days", days, "-out", `${file}.crt`);
    execFileSync("chmod", ["-R", "a+rX", this.#folder]);
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: "ignore" });
  }
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
