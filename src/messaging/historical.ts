/** The same JSON object with `historical: true`: it was not sent when it was new (Sparkplug B is_historical). */
export function markHistorical(payload: string): string {
  return JSON.stringify({ ...(JSON.parse(payload) as object), historical: true });
}
