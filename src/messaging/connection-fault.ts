import { AssaydError, messageOf } from "../domain/errors.ts";

/** Why the station has no broker, for people. */
export interface ConnectionFault {
  readonly code: "mqtt-auth" | "mqtt-tls" | "mqtt-unreachable" | "mqtt-refused" | "mqtt-denied" | "mqtt-file";
  readonly text: string;
  /** Epoch ms. */
  readonly since: number;
}

/** True if trying again soon is useless: a person must change something. */
export function needsPerson(code: ConnectionFault["code"]): boolean {
  return code !== "mqtt-unreachable";
}

// MQTT 3.1.1 §3.2.2.3 return codes 4 and 5; MQTT 5 §3.2.2.2 reason codes 0x86 and 0x87
const AUTH_CODES: readonly unknown[] = [4, 5, 0x86, 0x87];

const TLS_ADVICE: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the broker's certificate has expired: renew it (and check this machine's clock)",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet: check this machine's clock",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the broker's certificate is for another name: use the name it is for in broker.url",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "broker.caFile is not the CA that signed the broker's certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "broker.caFile is missing or is not the CA that signed the broker's certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the broker's certificate is self-signed: name it in broker.caFile",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "broker.caFile is missing or is not the CA that signed the broker's certificate",
  CERT_SIGNATURE_FAILURE: "broker.caFile is not the CA that signed the broker's certificate",
};

/** Sorts what a connection attempt threw. @param nowMs epoch ms */
export function connectionFault(
  error: unknown,
  url: string,
  username: string | undefined,
  nowMs: number,
): ConnectionFault {
  const because = messageOf(error);
  const code = error instanceof Error && "code" in error ? error.code : null;
  const fault = (kind: ConnectionFault["code"], text: string): ConnectionFault => ({
    code: kind,
    text,
    since: nowMs,
  });
  if (error instanceof AssaydError) return fault("mqtt-file", because);
  if (AUTH_CODES.includes(code)) {
    const who = username === undefined ? "a client without a name" : `user "${username}"`;
    const text = `The broker at ${url} refuses ${who} (${because}). Set broker.username and broker.passwordFile to an account the broker knows.`;
    return fault("mqtt-auth", text);
  }
  if (typeof code === "number") {
    return fault(
      "mqtt-refused",
      `The broker at ${url} refuses the connection (${because}). An old broker may need broker.protocolVersion: 4.`,
    );
  }
  const advice = typeof code === "string" ? TLS_ADVICE[code] : undefined;
  if (advice !== undefined) return fault("mqtt-tls", `No safe connection to ${url} (${because}): ${advice}.`);
  if (typeof code === "string" && /^ERR_(SSL|TLS)|^EPROTO$/.test(code)) {
    const text = `No safe connection to ${url} (${because}). Check that the port speaks TLS, and broker.certFile and broker.keyFile if it wants a client certificate.`;
    return fault("mqtt-tls", text);
  }
  return fault(
    "mqtt-unreachable",
    `No broker at ${url} (${because || String(code)}). Results are kept and sent when it is back.`,
  );
}
