/**
 * Calls `fire` `partsPerSecond` times a second without drift: each moment is reckoned from the start, and a moment that was
 * overslept is fired late, not left out (every part counts).
 */
export function freeRunning(
  partsPerSecond: number,
  fire: () => void,
  monotonicMs: () => number,
): { stop: () => void } {
  const periodMs = 1000 / partsPerSecond;
  const start = monotonicMs();
  let fired = 0;
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    timer = setTimeout(
      () => {
        while (start + (fired + 1) * periodMs <= monotonicMs()) {
          fired += 1;
          fire();
        }
        schedule();
      },
      Math.max(0, start + (fired + 1) * periodMs - monotonicMs()),
    );
  };
  schedule();
  return {
    stop: () => {
      clearTimeout(timer);
    },
  };
}
