import { expect, test } from "vitest";
import { createLogger, logFormatFor, withoutPasswords, type LogFormat } from "../../src/system/logger.ts";

function capture(format: LogFormat, level: "debug" | "info" = "info") {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level, format, write: (line) => lines.push(line) }) };
}

test("the form follows where the output goes", () => {
  expect(logFormatFor({ JOURNAL_STREAM: "8:1" }, true)).toBe("journal");
  expect(logFormatFor({}, true)).toBe("text");
  expect(logFormatFor({}, false)).toBe("json");
});

test("json lines keep level, message and fields", () => {
  const { lines, logger } = capture("json");
  logger.warn({ camera: "cam1" }, "camera stalled");
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: 40, msg: "camera stalled", camera: "cam1" });
});

test("text lines are one line with time, level, message and fields", () => {
  const { lines, logger } = capture("text");
  logger.info({ camera: "cam1", stalledMs: 12 }, "two\nlines");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}two \| lines camera=cam1 stalledMs=12\n$/);
});

test("journal lines begin with the syslog priority, every one of them", () => {
  const { lines, logger } = capture("journal", "debug");
  logger.debug("a");
  logger.info("b");
  logger.warn("c");
  logger.error({ err: new Error("why") }, "d");
  logger.fatal({ err: new Error("end") }, "e");
  expect(lines.slice(0, 4)).toEqual(["<7>a\n", "<6>b\n", "<4>c\n", "<3>d: why\n"]);
  const fatal = (lines[4] ?? "").trimEnd().split("\n");
  expect(fatal.length).toBeGreaterThan(2);
  expect(fatal.every((line) => line.startsWith("<2>"))).toBe(true);
});

test("passwords never reach a line", () => {
  const { lines, logger } = capture("json");
  logger.info(
    { broker: { url: "mqtt://me:hunter2@host", password: "hunter2" }, password: "hunter2" },
    "rtsp://u:hunter2@cam/1 opened",
  );
  expect(lines[0]).not.toContain("hunter2");
  expect(lines[0]).toContain("mqtt://me:***@host");
});

test("only the password of an address is replaced", () => {
  expect(withoutPasswords("rtsp://u:p@h:554/x and http://h:80/a@b")).toBe(
    "rtsp://u:***@h:554/x and http://h:80/a@b",
  );
});
