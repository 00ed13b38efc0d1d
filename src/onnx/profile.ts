/**
 * Nodes of one profiled run by execution provider, from ONNX Runtime's profile JSON: the only proof from JavaScript of
 * which provider really ran (platform.md §1.4).
 * @returns e.g. `Map { "CPUExecutionProvider" => 118 }`; each node counts once however often it ran.
 */
export function nodesByProvider(profileJson: string): Map<string, number> {
  const events = JSON.parse(profileJson) as readonly ProfileEvent[];
  const providerOf = new Map<string, string>();
  for (const event of events) {
    const provider = event.args?.provider;
    if (event.cat === "Node" && provider !== undefined && provider !== "")
      providerOf.set(event.name, provider);
  }
  const counts = new Map<string, number>();
  for (const provider of providerOf.values()) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  return counts;
}

interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly args?: { readonly provider?: string };
}
