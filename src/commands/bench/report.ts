import { AIMS, isMet, type BenchFigures } from "./figures.ts";

/** The figures side by side, each ratio with its aim and whether it is met. */
export function benchText(figures: BenchFigures): string {
  const { threads, provider, flatParts, failedParts } = figures;
  const step = (ms: number | null): string => (ms === null ? "not measured" : `${ms.toFixed(0)} ms`);
  const aim = (figure: keyof typeof AIMS): string => aimText(figure, figures[figure]);
  return [
    "",
    `inspector on ${provider}, ${threads} thread${threads === 1 ? "" : "s"}; all ratios from turns taken in this run`,
    `capture → verdict → publish  ${figures.stationFramesPerSecond.toFixed(1)} frames/s, bare ONNX Runtime ${figures.bareFramesPerSecond.toFixed(1)}: ratio ${figures.throughputRatio.toFixed(3)} ${aim("throughputRatio")}`,
    ...camerasLines(figures, aim),
    `inspector against teacher    ${figures.inspectorMs.toFixed(2)} ms, teacher alone ${figures.teacherMs.toFixed(2)} ms: ratio ${figures.inspectorToTeacherRatio.toFixed(3)} ${aim("inspectorToTeacherRatio")}`,
    `trigger → verdict at 10/s    p50 ${figures.latencyMsP50.toFixed(1)} ms, p99 ${figures.latencyMsP99.toFixed(1)} ms; model alone p50 ${figures.inferMsP50.toFixed(1)} ms, p99 ${figures.inferMsP99.toFixed(1)} ms: p99 overhead ${figures.overheadMsP99.toFixed(2)} ms ${aim("overheadMsP99")}`,
    `training step                amplify ${step(figures.amplifyStepMs)}, distill ${step(figures.distillStepMs)} (against PyTorch: node scripts/bench-student.ts --compare "python3 scripts/bench-student.py")`,
    ...memoryLines(figures, aim),
    `parts without a score        ${failedParts}, of all that were triggered (memory run: ${flatParts} judged)`,
  ].join("\n");
}

function camerasLines(
  { cameras, camerasFramesPerSecond, camerasRatio, camerasLeastShare }: BenchFigures,
  aim: (figure: keyof typeof AIMS) => string,
): string[] {
  if (camerasFramesPerSecond === null || camerasRatio === null || camerasLeastShare === null) return [];
  return [
    `${cameras} cameras, one process`.padEnd(29) +
      `${camerasFramesPerSecond.toFixed(1)} frames/s together against one alone: ratio ${camerasRatio.toFixed(3)} ${aim("camerasRatio")}; least share ${camerasLeastShare.toFixed(2)} ${aim("camerasLeastShare")}`,
  ];
}

function memoryLines(figures: BenchFigures, aim: (figure: keyof typeof AIMS) => string): string[] {
  const roles = ["main", "inference", "capture"] as const;
  const lines = roles.map((role) => {
    const slope = figures[`${role}SlopeKbPer1000`];
    return `${`${role} memory`.padEnd(28)} peak ${megabytes(figures[`${role}PeakMb`])} ${aim(`${role}PeakMb`)}, grows ${slope.toFixed(0)} kB per 1,000 parts ${aim(`${role}SlopeKbPer1000`)}`;
  });
  return [
    ...lines,
    `training memory              peak ${megabytes(figures.trainingPeakMb)} ${aim("trainingPeakMb")}`,
  ];
}

function megabytes(mb: number | null): string {
  return mb === null ? "not measured" : `${mb.toFixed(0)} MB`;
}

function aimText(figure: keyof typeof AIMS, value: number | null): string {
  const { kind, limit } = AIMS[figure];
  const met = isMet(figure, value);
  return `(aim ${kind === "most" ? "≤" : "≥"} ${limit}${met === null ? "" : met ? ", met" : ", missed"})`;
}
