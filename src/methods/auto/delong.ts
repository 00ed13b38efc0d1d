/** Scores of the same pictures by one model. */
export interface Scores {
  /** Of pictures that are normal, higher is more anomalous. */
  readonly normals: readonly number[];
  readonly anomalies: readonly number[];
}

/** Two models' areas under the ROC curve, and how sure their difference is. */
export interface AurocComparison {
  readonly first: number;
  readonly second: number;
  /** Standard error of first − second. */
  readonly standardError: number;
}

/**
 * Compares two models on the same pictures. Since the pictures are the same, the difference is surer than either area.
 * @throws RangeError if a class has fewer than two pictures or the models scored different numbers of them
 * Source: DeLong, DeLong & Clarke-Pearson, Biometrics 44 (1988).
 */
export function compareAurocs(first: Scores, second: Scores): AurocComparison {
  if (first.normals.length !== second.normals.length || first.anomalies.length !== second.anomalies.length)
    throw new RangeError("Both models must have scored the same pictures.");
  const [a, b] = [placements(first), placements(second)];
  const variance =
    varianceOfMean(a.anomalies.map((value, at) => value - b.anomalies[at]!)) +
    varianceOfMean(a.normals.map((value, at) => value - b.normals[at]!));
  return { first: mean(a.anomalies), second: mean(b.anomalies), standardError: Math.sqrt(variance) };
}

/** Share of the other class that each picture is on the right side of, 0..1; ties count one half. */
function placements({ normals, anomalies }: Scores): Scores {
  return {
    anomalies: anomalies.map((score) => mean(normals.map((normal) => above(score, normal)))),
    normals: normals.map((score) => mean(anomalies.map((anomaly) => above(anomaly, score)))),
  };
}

function above(anomaly: number, normal: number): number {
  if (anomaly === normal) return 0.5;
  return anomaly > normal ? 1 : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOfMean(values: readonly number[]): number {
  if (values.length < 2) throw new RangeError(`${values.length} picture of a class; at least 2 are needed.`);
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}
