import type { CommandName } from "./schemas/command.ts";

/** Kinds of picture that are published (raw JPEG or WebP). */
export type ImageKind = "frame" | "heatmap" | "overlay" | "last_ng";

/** The station's topics (interfaces.md §3.1). `root` has no wildcard and no slash at its end. */
export function stationTopics(root: string) {
  return {
    state: `${root}/state`,
    info: `${root}/info`,
    health: `${root}/health`,
    heartbeat: `${root}/heartbeat`,
    event: `${root}/event`,
    /** Of what belongs to no camera. */
    alarm: (code: string) => `${root}/alarm/${topicLevel(code)}`,
    job: (id: string) => `${root}/job/${topicLevel(id)}`,
    /** All commands, for the subscription. */
    commands: `${root}/cmd/#`,
    command: (name: CommandName) => `${root}/cmd/${name}`,
    response: (name: string) => `${root}/rsp/${name}`,
    camera: (name: string) => cameraTopics(root, name),
  } as const;
}

/** One camera's topics. */
export function cameraTopics(root: string, camera: string) {
  const base = `${root}/cam/${topicLevel(camera)}`;
  return {
    state: `${base}/state`,
    result: `${base}/result`,
    resultLast: `${base}/result/last`,
    counters: `${base}/counters`,
    alarm: (code: string) => `${base}/alarm/${topicLevel(code)}`,
    image: (kind: ImageKind) => `${base}/image/${kind}`,
    /** What the picture on `image` shows, sent just before it. */
    imageMeta: (kind: ImageKind) => `${base}/image/${kind}/meta`,
  } as const;
}

export type StationTopics = ReturnType<typeof stationTopics>;

/** The command's name in a topic below `root`; null if the topic is no command of this station. */
export function commandNameOf(root: string, topic: string): string | null {
  const prefix = `${root}/cmd/`;
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : null;
}

/** The root if none is configured. */
export function defaultRoot(station: string): string {
  return `assay/v1/${topicLevel(station)}`;
}

/**
 * The text itself, if it can be one topic level.
 * @throws RangeError on an empty one, or one with + # / or NUL (zigbee2mqtt #26939)
 */
function topicLevel(text: string): string {
  if (text === "" || /[+#/\0]/.test(text)) {
    throw new RangeError(`"${text}" cannot be a topic level: it must not be empty or hold + # / or NUL`);
  }
  return text;
}
