/** Statements of Sparkplug 3.0 for edge nodes and devices that no test of ours shows, by the reason. */
export const UNCHECKED: Readonly<Record<string, readonly string[]>> = {
  "not done: SHOULD NOT; hosts built on Tahu's codec cannot read a value without its type": [
    "payloads-metric-datatype-not-req",
  ],
  "not done: one server is configured; unborn, the node stays connected and waits for its primary host": [
    "operational-behavior-primary-application-state-with-multiple-servers-walk",
  ],
  "for the plant to see to: ids are unique in its infrastructure": [
    "intro-edge-node-id-uniqueness",
    "topic-structure-namespace-unique-edge-node-descriptor",
    "payloads-nbirth-edge-node-descriptor",
  ],
  "shown elsewhere: the configuration refuses two cameras of one name": [
    "topic-structure-namespace-unique-device-id",
  ],
  "nothing to show: a MAY": [
    "topic-structure-namespace-duplicate-device-id-across-edge-node",
    "payloads-name-cmd-requirement",
  ],
  "not used: aliases": [
    "payloads-alias-uniqueness",
    "payloads-alias-birth-requirement",
    "payloads-alias-data-cmd-requirement",
  ],
  "not used: templates": [
    "topics-nbirth-templates",
    "payloads-template-dataset-value",
    ...["nbirth-only", "is-definition", "ref", "members", "nbirth", "parameters", "parameters-default"].map(
      (rest) => `payloads-template-definition-${rest}`,
    ),
    ...["is-definition", "ref", "members", "members-birth", "members-data", "parameters"].map(
      (rest) => `payloads-template-instance-${rest}`,
    ),
    ...["version", "ref-definition", "ref-instance", "is-definition"].map(
      (rest) => `payloads-template-${rest}`,
    ),
    ...["definition", "instance"].map((rest) => `payloads-template-is-definition-${rest}`),
    ...["name-required", "name-type", "value-type", "type-value", "type-req", "value"].map(
      (rest) => `payloads-template-parameter-${rest}`,
    ),
  ],
  "not used: data sets": [
    ...["column-size", "column-num-headers", "types-def", "types-num", "types-type", "types-value"].map(
      (rest) => `payloads-dataset-${rest}`,
    ),
    "payloads-dataset-parameter-type-req",
  ],
};
