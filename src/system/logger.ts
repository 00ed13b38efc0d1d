import { pino, type DestinationStream, type Logger } from "pino";

/** `json`: one object a line; `text`: for people; `journal`: text with the priority prefix that journald reads. */
export type LogFormat = "json" | "text" | "journal";

export interface LoggerOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly format: LogFormat;
  /** Where lines go: stderr in a program, a buffer in tests. */
  readonly write: (line: string) => void;
}

/** Keys whose values are never written, at the top or one level down. */
const SECRET_KEYS = ["password", "passphrase", "secret", "token", "key"];

/**
 * The form that suits where the output goes: journald's if JOURNAL_STREAM is set (man systemd.exec), text on a
 * terminal, else JSON.
 */
export function logFormatFor(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): LogFormat {
  if (env.JOURNAL_STREAM) return "journal";
  return isTerminal ? "text" : "json";
}

/** A pino logger. Passwords are replaced, in fields by their key and in addresses (`rtsp://user:***@host`) wherever they stand. */
export function createLogger(options: LoggerOptions): Logger {
  const render = { json: (line: string) => line, text: textLine, journal: journalLine }[options.format];
  const stream: DestinationStream = {
    write: (line) => {
      options.write(render(withoutPasswords(line)));
    },
  };
  return pino(
    {
      level: options.level,
      base: null,
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: "***" },
    },
    stream,
  );
}

/** `user:password@` of any address in a line becomes `user:***@`. */
export function withoutPasswords(line: string): string {
  return line.replaceAll(/(\w+:\/\/[^\s:/@"]*):[^\s/@"]+@/g, "$1:***@");
}

interface Entry {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
}

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

function textLine(json: string): string {
  const entry = JSON.parse(json) as Entry;
  const clock = new Date(entry.time).toISOString().slice(11, 23);
  return `${clock} ${(LEVEL_NAMES[entry.level] ?? "info").padEnd(5)} ${words(entry)}\n${stackOf(entry)}`;
}

/** sd-daemon(3): a line that begins with `<N>` has syslog priority N; journald adds the time itself. */
function journalLine(json: string): string {
  const entry = JSON.parse(json) as Entry;
  const prefix = `<${syslogPriority(entry.level)}>`;
  return `${words(entry)}\n${stackOf(entry)}`.replaceAll(/^(?=.)/gm, prefix);
}

function syslogPriority(level: number): number {
  if (level >= 60) return 2;
  if (level >= 50) return 3;
  if (level >= 40) return 4;
  return level >= 30 ? 6 : 7;
}

function words(entry: Entry): string {
  const fields = Object.entries(entry).filter(([key]) => !["level", "time", "msg", "err"].includes(key));
  const tail = fields
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
  const cause = entry.err?.message === undefined ? "" : `: ${entry.err.message}`;
  return `${entry.msg ?? ""}${cause}${tail}`.replaceAll("\n", " | ").trimStart();
}

function stackOf(entry: Entry): string {
  if (entry.level < 60 || entry.err?.stack === undefined) return "";
  return `${entry.err.stack}\n`;
}
