/** One thing that is wrong with a configuration file, and where (line and column from 1). */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** e.g. `cameras[0].deadlineMs`; empty for the file itself. */
  readonly key: string;
  /** What is wrong (got X); expected Y; remedy. */
  readonly message: string;
}
