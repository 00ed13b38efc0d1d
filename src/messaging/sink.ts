import type { BrokerClient, Publication } from "./client.ts";

/** The broker connection as those see it who only publish; there may be no client yet. */
export function sinkOf(client: () => BrokerClient | null, publish: (message: Publication) => Promise<void>) {
  return {
    get connected(): boolean {
      return client()?.connected ?? false;
    },
    get window(): number {
      return client()?.window ?? 1;
    },
    publish,
  };
}
