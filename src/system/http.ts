import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Registry } from "prom-client";
import { messageOf } from "../domain/errors.ts";
import { answerRoute, type Route } from "./http-route.ts";

/** Whether the station works, and if not, why: short machine-readable words such as `camera cam1 stalled`. */
export interface Health {
  readonly healthy: boolean;
  readonly reasons: readonly string[];
}

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly health: () => Health;
  readonly registry: Registry;
  /** More that it answers. */
  readonly routes?: readonly Route[];
}

/** `/healthz` (200 or 503 with the reasons as JSON) and `/metrics` (Prometheus text), which only read, and the given routes. */
export class StatusServer {
  readonly #options: HttpOptions;
  readonly #server: Server;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#server = createServer(
      { requestTimeout: 5_000, headersTimeout: 5_000, keepAliveTimeout: 5_000 },
      (request, response) => {
        void this.#answer(request, response);
      },
    );
    this.#server.maxConnections = 32;
  }

  /** Listens. @returns the port. @throws the system's error, e.g. EADDRINUSE. */
  async start(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.port, this.#options.host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const path = (request.url ?? "").split("?")[0] ?? "";
    const route = this.#options.routes?.find(({ prefix }) => path.startsWith(prefix));
    if (route) {
      await answerRoute(route, request, response, path).catch(() => request.destroy()); // the client left amid its body
      return;
    }
    if (path !== "/healthz" && path !== "/metrics") {
      end(response, 404, "text/plain", "not found; there are /healthz and /metrics\n");
      return;
    }
    if (method !== "GET" && method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      end(response, 405, "text/plain", "only GET\n");
      return;
    }
    if (path === "/healthz") {
      const health = this.#options.health();
      end(response, health.healthy ? 200 : 503, "application/json", `${JSON.stringify(health)}\n`);
      return;
    }
    try {
      end(response, 200, this.#options.registry.contentType, await this.#options.registry.metrics());
    } catch (error) {
      end(response, 500, "text/plain", `metrics could not be collected: ${messageOf(error)}\n`);
    }
  }
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body); // node leaves the body out for HEAD
}
