import { qualitySchema } from "../../src/config/quality-schema.ts";
import { policySchema } from "../../src/config/policy-schema.ts";
import { cameraSchema, type CameraConfig } from "../../src/config/schema.ts";
import type { Frame, Inspection } from "../../src/domain/inspection.ts";
import { CameraLine } from "../../src/inspection/camera-line.ts";
import type { LineRecipe } from "../../src/inspection/line-parts.ts";
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
  size = { width: 2, height: 1 };
  resize(size: { width: number; height: number }): boolean {
    this.size = size;
    return false;
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
  /** Bundles that cannot be loaded. */
  readonly broken = new Set<string>();
  /** What the next load waits for. */
  gate: Promise<void> = Promise.resolve();
  async load(bundleDir: string): Promise<void> {
    await this.gate;
    if (this.broken.has(bundleDir.split("/").at(-1) ?? "")) throw new Error("it is broken");
    const provider = { provider: "cpu", precision: "fp32", proof: "", rejected: [] } as const;
    this.status = { ...this.status, bundleId: bundleDir.split("/").at(-1) ?? "", provider, ready: true };
  }
  prepare(bundleDir: string): Promise<void> {
    const broken = this.broken.has(bundleDir.split("/").at(-1) ?? "");
    return broken ? Promise.reject(new Error("it is broken")) : Promise.resolve();
  }
  readonly released: string[] = [];
  release(bundleId: string): void {
    this.released.push(bundleId);
  }
  deactivate(): void {
    this.status = { ...this.status, bundleId: null, ready: false };
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
  stopped = false;
  offer(frame: Frame): void {
    this.offered.push(frame.id);
  }
  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
}

/** A recipe with the simplest policy. */
export function lineRecipeOf(id: string, collector = new FakeCollector()): LineRecipe {
  return {
    ...recipeOf(id, 300),
    quality: qualitySchema.parse({}),
    policy: new LinePolicy(policySchema.parse({}), decide),
    collector: collector as unknown as Collector,
    pictureSize: { width: 16, height: 16 },
  };
}

export interface TestLine {
  readonly line: CameraLine;
  readonly camera: FakeCamera;
  readonly inspector: FakeInspector;
  readonly collector: FakeCollector;
  readonly records: Inspection[];
}

export function testLine(changes: Partial<CameraConfig> = {}, recipe = "default"): TestLine {
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
    recipe: lineRecipeOf(recipe, collector),
    clock: { wall: () => Date.now(), mono: () => performance.now() },
    newId: () => "id",
    wantMap: () => "never",
    onVerdict: () => undefined,
    onStop: () => undefined,
    onRecord: (inspection) => records.push(inspection),
  });
  return { line, camera, inspector, collector, records };
}
