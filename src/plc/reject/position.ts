/**
 * How far the conveyor has moved: the axis on which parts are tracked, in ms for a conveyor of constant speed, in encoder
 * counts for any other. All times are monotonic ms.
 */
export interface Position {
  /** Where the conveyor is at `time`, extrapolated if need be; null while nobody knows. */
  at(time: number): number | null;
  /** What is certain of it at `time`: never extrapolated. */
  reported(time: number): number | null;
  /** When it will be at `position` if it goes on like this; null: never. */
  whenAt(position: number): number | null;
  /** The way it moves now: 1 forward, -1 backward, 0 standing. */
  readonly direction: -1 | 0 | 1;
  /** When `at` will become null if nothing is heard until then; null: never. */
  readonly blindFrom: number | null;
}

/** A conveyor of constant speed: its position is the time. */
export const clockPosition: Position = {
  at: (time) => time,
  reported: (time) => time,
  whenAt: (position) => position,
  direction: 1,
  blindFrom: null,
};
