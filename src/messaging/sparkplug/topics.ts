const NAMESPACE = "spBv1.0"; // tck-id-topic-structure-namespace-a

/** Messages of an edge node and its devices. */
export type NodeVerb = "NBIRTH" | "NDATA" | "NDEATH" | "NCMD";
export type DeviceVerb = "DBIRTH" | "DDATA" | "DDEATH" | "DCMD";

/** `namespace/group_id/message_type/edge_node_id/[device_id]` (§4.1). Ids hold no + / # (the schemas see to that). */
export function sparkplugTopics(group: string, node: string) {
  return {
    node: (verb: NodeVerb) => `${NAMESPACE}/${group}/${verb}/${node}`,
    device: (verb: DeviceVerb, device: string) => `${NAMESPACE}/${group}/${verb}/${node}/${device}`,
    /** Commands to any device: which of them exist is not fixed. */
    deviceCommands: `${NAMESPACE}/${group}/DCMD/${node}/+`,
    hostState: (host: string) => `${NAMESPACE}/STATE/${host}`,
    /** The device that a DCMD is for; null if the topic is none of ours. */
    commandedDevice: (topic: string) => {
      const prefix = `${NAMESPACE}/${group}/DCMD/${node}/`;
      return topic.startsWith(prefix) ? topic.slice(prefix.length) : null;
    },
  } as const;
}

export type SparkplugTopics = ReturnType<typeof sparkplugTopics>;
