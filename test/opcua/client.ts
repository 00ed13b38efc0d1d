import { setTimeout as delay } from "node:timers/promises";
import {
  AttributeIds,
  ClientMonitoredItem,
  constructEventFilter,
  DataType,
  makeBrowsePath,
  OPCUAClient,
  type CallMethodResult,
  type ClientSession,
  type ClientSubscription,
  type NodeId,
  resolveNodeId,
  type UserIdentityInfo,
  Variant,
} from "node-opcua-client";

/** Namespace of the companion specification in our server: 0 standard, 1 own, then as loaded. */
const VISION = 2;

/** A session with words for what the tests do. */
export class TestClient {
  readonly client: OPCUAClient;
  readonly session: ClientSession;
  readonly #subscriptions: ClientSubscription[] = [];

  constructor(client: OPCUAClient, session: ClientSession) {
    this.client = client;
    this.session = session;
  }

  static async connect(
    url: string,
    user?: UserIdentityInfo,
    options: Parameters<typeof OPCUAClient.create>[0] = {},
  ): Promise<TestClient> {
    const client = OPCUAClient.create({
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 0 },
      ...options,
    });
    await client.connect(url);
    try {
      return new TestClient(client, await client.createSession(user));
    } catch (error) {
      await client.disconnect();
      throw error;
    }
  }

  /** A node below a camera, e.g. `VisionStateMachine/CurrentState`; names of namespace 0 begin with `0:`. */
  async node(camera: string, path = ""): Promise<NodeId> {
    const steps = path === "" ? [] : path.split("/");
    const names = steps.map((name) => (name.startsWith("0:") ? name.slice(2) : `${VISION}:${name}`));
    const browsePath = makeBrowsePath(
      "ObjectsFolder",
      [`/1:${camera}`, ...names.map((name) => `.${name}`)].join(""),
    );
    const { targets, statusCode } = await this.session.translateBrowsePath(browsePath);
    const found = targets?.[0]?.targetId;
    if (!found) throw new Error(`${camera}/${path}: ${statusCode.toString()}`);
    return found;
  }

  async read(camera: string, path: string): Promise<unknown> {
    const data = await this.session.read({
      nodeId: await this.node(camera, path),
      attributeId: AttributeIds.Value,
    });
    return data.statusCode.isGood() ? data.value.value : data.statusCode.name;
  }

  /** Text of CurrentState of both machines: `Operational/Ready`, `Error`. */
  async state(camera: string): Promise<string> {
    const outer = (await this.read(camera, "VisionStateMachine/0:CurrentState")) as { text: string };
    const inner = await this.read(camera, "VisionStateMachine/AutomaticModeStateMachine/0:CurrentState");
    return inner === "BadStateNotActive" ? outer.text : `${outer.text}/${(inner as { text: string }).text}`;
  }

  async call(camera: string, path: string, inputs: readonly Variant[] = []): Promise<CallMethodResult> {
    const parent = path.split("/").slice(0, -1).join("/");
    return this.session.call({
      objectId: await this.node(camera, parent),
      methodId: await this.node(camera, path),
      inputArguments: [...inputs],
    });
  }

  /** A structure of the node set as an argument. */
  async structure(type: string, fields: Record<string, unknown>): Promise<Variant> {
    const TYPES: Record<string, number> = {
      RecipeIdExternalDataType: 3002,
      ProductIdDataType: 3003,
      PartIdDataType: 3004,
      ConfigurationIdDataType: 3008,
      RecipeIdInternalDataType: 3013,
      MeasIdDataType: 3015,
      JobIdDataType: 3016,
      ResultIdDataType: 3021,
    };
    const value = await this.session.constructExtensionObject(
      resolveNodeId(`ns=${VISION};i=${TYPES[type]!}`),
      fields,
    );
    return new Variant({ dataType: DataType.ExtensionObject, value });
  }

  /** Inputs of StartSingleJob and StartContinuous. */
  async start(ids: { meas?: string; part?: string; recipe?: string }): Promise<Variant[]> {
    return [
      await this.structure("MeasIdDataType", { id: ids.meas ?? "" }),
      await this.structure("PartIdDataType", { id: ids.part ?? "" }),
      await this.structure("RecipeIdExternalDataType", { id: ids.recipe ?? "" }),
      await this.structure("ProductIdDataType", { id: "" }),
      new Variant({ dataType: DataType.Variant, arrayType: "Array" as never, value: [] }),
    ];
  }

  /** Events of a camera from now on: type, message and the fields of a result. */
  async follow(camera: string): Promise<SeenEvent[]> {
    // known beforehand, or the client would hold back those events with structures until it has read the types
    for (const type of ["JobIdDataType", "ResultIdDataType", "PartIdDataType"])
      await this.structure(type, {});
    const subscription = await this.session.createSubscription2({
      requestedPublishingInterval: 20,
      requestedLifetimeCount: 1000,
      requestedMaxKeepAliveCount: 20,
      maxNotificationsPerPublish: 1000,
      publishingEnabled: true,
      priority: 1,
    });
    const filter = constructEventFilter([
      "EventType",
      "Message",
      "2:JobId",
      "2:ResultId",
      "2:ResultState",
      "2:PartId",
      "2:ResultContent",
      "Transition",
    ]);
    this.#subscriptions.push(subscription);
    const seen: SeenEvent[] = [];
    const item = ClientMonitoredItem.create(
      subscription,
      { nodeId: await this.node(camera), attributeId: AttributeIds.EventNotifier },
      { samplingInterval: 0, queueSize: 1000, discardOldest: true, filter },
    );
    item.on("changed", (fields) => {
      const [type, message, jobId, resultId, resultState, partId, content, transition] = (
        fields as unknown as Variant[]
      ).map((field) => field.value as unknown);
      seen.push({
        type: EVENT_NAMES[String((type as { value: number }).value)] ?? String(type),
        message: textOf(message),
        jobId: idOf(jobId),
        resultId: idOf(resultId),
        resultState: resultState as number | null,
        partId: idOf(partId),
        content: (content as { value: unknown }[] | null)?.map(({ value }) => value) ?? null,
        transition: textOf(transition),
      });
    });
    await new Promise<void>((resolve) => item.once("initialized", resolve));
    return seen;
  }

  async unfollow(): Promise<void> {
    for (const subscription of this.#subscriptions.splice(0)) await subscription.terminate();
  }

  async close(): Promise<void> {
    await this.session.close();
    await this.client.disconnect();
  }
}

export interface SeenEvent {
  readonly type: string;
  readonly message: string | null;
  readonly jobId: string | null;
  readonly resultId: string | null;
  readonly resultState: number | null;
  readonly partId: string | null;
  readonly content: readonly unknown[] | null;
  readonly transition: string | null;
}

const EVENT_NAMES: Record<string, string> = {
  1013: "JobStarted",
  1018: "StateChanged",
  1019: "Error",
  1020: "ErrorResolved",
  1022: "RecipePrepared",
  1023: "Ready",
  1024: "ResultReady",
  1025: "AcquisitionDone",
};

function textOf(value: unknown): string | null {
  return (value as { text?: string | null } | null)?.text ?? null;
}

function idOf(value: unknown): string | null {
  return (value as { id?: string } | null)?.id ?? null;
}

/** Waits until something is so; the limit is for a hung test, not a promise of speed. */
export async function until<T>(what: () => T | Promise<T>, limitMs = 50_000): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await what();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not so within ${limitMs} ms: ${what.toString()}`);
    await delay(20);
  }
}
