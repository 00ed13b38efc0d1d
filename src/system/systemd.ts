import { createRequire } from "node:module";
import type { Logger } from "pino";

/** What the daemon tells systemd (man sd_notify). Does nothing where there is no NOTIFY_SOCKET. */
export interface Systemd {
  /** True if somebody listens. */
  readonly active: boolean;
  /** READY=1: the station can judge parts. From now on the watchdog is fed while there is progress. */
  readonly ready: () => void;
  /** One line that `systemctl status` shows. */
  readonly status: (line: string) => void;
  /** Start and stop may take this much longer (an engine build, a golden test). */
  readonly extendTimeout: (ms: number) => void;
  /** STOPPING=1; the watchdog is fed no more. */
  readonly stopping: () => void;
}

export interface SystemdOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** True if the station really works: frames or idle heartbeats are fresh. False starves the watchdog. */
  readonly progress: () => boolean;
  readonly logger: Logger;
  /** Sends one state to systemd (tests give their own); null: nothing can be sent. sd-notify if not given. */
  readonly send?: ((state: string) => void) | null;
}

/** The connection to systemd, as far as there is one. */
export function connectSystemd(options: SystemdOptions): Systemd {
  const { env, logger } = options;
  const send = env.NOTIFY_SOCKET ? (options.send === undefined ? loadSdNotify(logger) : options.send) : null;
  const tell = (state: string): void => {
    send?.(state);
  };
  const watchdogMs = send === null ? null : watchdogInterval(env, options.pid);
  let timer: NodeJS.Timeout | null = null;
  return {
    active: send !== null,
    ready: () => {
      tell("READY=1");
      if (watchdogMs !== null) timer ??= feedWatchdog(watchdogMs, options.progress, tell, logger);
    },
    status: (line) => {
      tell(`STATUS=${line.replaceAll("\n", " ")}`);
    },
    extendTimeout: (ms) => {
      tell(`EXTEND_TIMEOUT_USEC=${Math.round(ms * 1000)}`);
    },
    stopping: () => {
      if (timer !== null) clearInterval(timer);
      timer = null;
      tell("STOPPING=1");
    },
  };
}

/**
 * A third of systemd's watchdog time in ms, or null if it sets none for this process (WATCHDOG_PID, man
 * sd_watchdog_enabled, which advises half; a third leaves room for one lost ping).
 */
export function watchdogInterval(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | null {
  const usec = Number(env.WATCHDOG_USEC ?? Number.NaN);
  if (!Number.isFinite(usec) || usec <= 0) return null;
  if (env.WATCHDOG_PID !== undefined && Number(env.WATCHDOG_PID) !== pid) return null;
  return Math.max(1, usec / 1000 / 3);
}

/** A ping per interval while there is progress; no progress is said once, at its beginning. */
function feedWatchdog(
  ms: number,
  progress: () => boolean,
  tell: (state: string) => void,
  logger: Logger,
): NodeJS.Timeout {
  let fed = true;
  const ping = (): void => {
    const alive = progress();
    if (alive) tell("WATCHDOG=1");
    else if (fed)
      logger.error(
        { watchdogMs: ms * 3 },
        "no progress: systemd's watchdog is not fed and will restart assayd",
      );
    fed = alive;
  };
  ping();
  return setInterval(ping, ms);
}

/** The native module is optional: without it the daemon runs, and systemd (Type=notify) would time out: so say it. */
function loadSdNotify(logger: Logger): ((state: string) => void) | null {
  try {
    const native = createRequire(import.meta.url)("sd-notify") as { sendState: (state: string) => void };
    return (state) => {
      native.sendState(state);
    };
  } catch (error) {
    logger.error({ err: error }, "NOTIFY_SOCKET is set but sd-notify does not load; run scripts/setup.sh");
    return null;
  }
}
