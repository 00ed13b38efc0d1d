import type { Inspection, Verdict } from "../domain/inspection.ts";

/** What a picture is kept as; each class has its own quota. `training`: a person labelled it. */
export const EVIDENCE_CLASSES = ["ng", "err", "ok", "training"] as const;
export type EvidenceClass = (typeof EVIDENCE_CLASSES)[number];
/** The camera's full-size picture, or the anomaly map laid over it. */
export type EvidenceKind = "frame" | "heatmap";

/** All that the name of an evidence file says. */
export interface EvidenceName {
  readonly inspectionId: string;
  readonly camera: string;
  readonly seq: number;
  readonly class: EvidenceClass;
  readonly kind: EvidenceKind;
}

const UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
const ID = new RegExp(`^${UUID7}$`);
const NAME = new RegExp(
  `^(${UUID7})\\.([a-z0-9_-]+)\\.(\\d+)\\.(ng|err|ok|training)\\.(frame|heatmap)\\.jpg$`,
);
const RANDOM_BITS = 2 ** 48; // the last group of a UUID 7 is random (RFC 9562 §5.7)

/** `<inspection id>.<camera>.<seq>.<class>.<kind>.jpg`: names sort by the time of the part. */
export function fileNameOf(name: EvidenceName): string {
  return `${name.inspectionId}.${name.camera}.${name.seq}.${name.class}.${name.kind}.jpg`;
}

/** Null if it is no evidence file. */
export function parseFileName(file: string): EvidenceName | null {
  const [, inspectionId = "", camera = "", seq, kept, kind] = NAME.exec(file) ?? [];
  if (seq === undefined) return null;
  return { inspectionId, camera, seq: Number(seq), class: kept as EvidenceClass, kind: kind as EvidenceKind };
}

/** True for ids as inspections have them; nothing else may become a path. */
export function isInspectionId(text: string): boolean {
  return ID.test(text);
}

/** The day (UTC) that the id was made on, e.g. `2026-02-03`: the name of its folder. */
export function dayOf(inspectionId: string): string {
  const epochMs = Number.parseInt(inspectionId.replaceAll("-", "").slice(0, 12), 16);
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** As what a part's pictures are kept; null: not at all. @param okShare share of OK parts that are kept, drawn by their id */
export function classOf({ verdict, inspectionId }: Inspection, okShare: number): EvidenceClass | null {
  const classes: Readonly<Record<Verdict, EvidenceClass>> = { OK: "ok", NG: "ng", WARN: "ng", ERR: "err" };
  if (verdict !== "OK") return classes[verdict];
  return Number.parseInt(inspectionId.slice(-12), 16) / RANDOM_BITS < okShare ? "ok" : null;
}
