import type { IncomingMessage, ServerResponse } from "node:http";

/** A place on the status server that takes requests with a small body. */
export interface Route {
  /** What its addresses begin with, e.g. `/trigger/`; the rest is the route's to read. */
  readonly prefix: string;
  readonly method: "POST";
  /** Of the body; a longer one is not read on. */
  readonly maxBytes: number;
  /** Never rejects for what a caller sent. */
  readonly answer: (request: RouteRequest) => Promise<RouteAnswer>;
}

export interface RouteRequest {
  /** Behind the prefix, as it was sent. */
  readonly rest: string;
  /** The header `authorization`. */
  readonly authorization: string | null;
  /** The body as UTF-8; null if it is longer than the route takes. */
  readonly body: () => Promise<string | null>;
}

export interface RouteAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json: unknown;
}

/** Lets a route answer one request; a client that leaves or dawdles is the server's time-out's. */
export async function answerRoute(
  { prefix, method, maxBytes, answer }: Route,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (request.method !== method) {
    const json = { error: `only ${method}` };
    send(response, { status: 405, headers: { allow: method }, json });
    return;
  }
  // machines send no origin: a page that somebody looks at in a browser of this machine must not move the line
  if (request.headers.origin !== undefined) {
    send(response, { status: 403, json: { error: "not from a browser's page" } });
    return;
  }
  const rest = path.slice(prefix.length);
  const authorization = request.headers.authorization ?? null;
  const answered = await answer({ rest, authorization, body: () => readBody(request, maxBytes) });
  send(response, answered);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > maxBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The connection ends where a body was left unread. */
function send(response: ServerResponse, { status, headers, json }: RouteAnswer): void {
  const close = response.req.complete ? {} : { connection: "close" };
  const type = { "content-type": "application/json", "cache-control": "no-store" };
  response.writeHead(status, { ...type, ...close, ...headers });
  response.end(`${JSON.stringify(json)}\n`);
}
