import { policySchema } from "../../src/config/policy-schema.ts";
import { cameraSchema, type CameraConfig } from "../../src/config/schema.ts";
import type { Frame, Inspection } from "../../src/domain/inspection.ts";
import { CameraLine } from "../../src/inspection/camera-line.ts";
import { decide } from "../../src/inspection/decide.ts";
import type { Camera, CameraStatus } from "../../src/inspection/capture/camera.ts";
import type { Inspector, InspectorStatus } from "../../src/inspection/infer/inspector.ts";
import type { Scored } from "../../src/inspection/infer/open-part.ts";
import { LinePolicy } from "../../src/inspection/policy/line-policy.ts";
import type { CollectionStatus, Collector } from "../../src/training/collect.ts";
import { frameOf, recipeOf } from "./lane-fixture.ts";

/** A camera, a model and a collector without processes and disk, whose state a test sets. */
export class FakeCamera {
  status: CameraStatus = {
    connected: true,
    state: "playing",
    message: "",
    fps: 10,
    frameAgeMs: 5,
    brightness: 100,
    sharpness: 50,
    rssBytes: 1,
    restarts: 2,
    pid: 1,
    frozen: false,
  };
  streaming = false;
  start(): void {
    this.status = { ...this.status };
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  stream(on: boolean): void {
    this.streaming = on;
  }
  grab(): Promise<Frame> {
    return Promise.resolve(frameOf(1));
  }
}

export class FakeInspector {
  status: InspectorStatus = {
    bundleId: null,
    provider: null,
    ready: false,
    pid: null,
    rssBytes: null,
    restarts: 3,
  };
  score = 0.5;
  load(bundleDir: string): Promise<void> {
    const provider = { provider: "cpu", precision: "fp32", proof: "", rejected: [] } as const;
    this.status = { ...this.status, bundleId: bundleDir.split("/").at(-1) ?? "", provider, ready: true };
    return Promise.resolve();
  }
  infer(): Promise<Scored> {
    const bundleId = this.status.bundleId ?? "";
    return Promise.resolve({ bundleId, score: this.score, regions: [], map: null, queueMs: 0, inferMs: 1 });
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export class FakeCollector {
  status: Pick<CollectionStatus, "active"> = { active: true };
  readonly offered: string[] = [];
  offer(frame: Frame): void {
    this.offered.push(frame.id);
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export interface TestLine {
  readonly line: CameraLine;
  readonly camera: FakeCamera;
  readonly inspector: FakeInspector;
  readonly collector: FakeCollector;
  readonly records: Inspection[];
}

export function testLine(changes: Partial<CameraConfig> = {}): TestLine {
  const camera = new FakeCamera();
  const inspector = new FakeInspector();
  const collector = new FakeCollector();
  const records: Inspection[] = [];
  const line = new CameraLine({
    config: { ...cameraSchema.parse({}), ...changes },
    session: "session",
    firstSeq: 41,
    camera: camera as unknown as Camera,
    inspector: inspector as unknown as Inspector,
    recipe: {
      ...recipeOf("default", 300),
      policy: new LinePolicy(policySchema.parse({}), decide),
      collector: collector as unknown as Collector,
    },
    clock: { wall: () => Date.now(), mono: () => performance.now() },
    newId: () => "id",
    wantMap: () => "never",
    onVerdict: () => undefined,
    onStop: () => undefined,
    onRecord: (inspection) => records.push(inspection),
  });
  return { line, camera, inspector, collector, records };
}
