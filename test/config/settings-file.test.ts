import { chmodSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { MACHINE_FILES } from "../../src/config/config-files.ts";
import { loadConfig } from "../../src/config/load.ts";
import { redacted } from "../../src/config/redact.ts";
import { SettingsFile } from "../../src/config/settings-file.ts";

const TEXT = `# the line at the window
station:
  name: st1
cameras:
  - name: cam1 # left
    deadlineMs: 300
    source: {kind: rtsp, url: "rtsp://admin:hunter2@10.0.0.5/stream"}
`;

function settings(text = TEXT) {
  const file = join(mkdtempSync(join(tmpdir(), "assayd-settings-")), "assayd.yaml");
  writeFileSync(file, text);
  chmodSync(file, 0o600);
  const config = loadConfig(file, {}, MACHINE_FILES);
  return { file, settings: new SettingsFile({ file, config, env: {}, files: MACHINE_FILES }) };
}

describe("SettingsFile", () => {
  it("shows the configuration in use without secrets, whole or one key", async () => {
    const { settings: own } = settings();
    const whole = await own.get(null);
    expect(JSON.stringify(whole)).not.toContain("hunter2");
    expect(JSON.stringify(whole)).toContain("rtsp://***@10.0.0.5/stream");
    expect(whole.changed).toBe(false);
    expect((await own.get("cameras.0.deadlineMs")).value).toBe(300);
    expect((await own.get("cameras[0].name")).value).toBe("cam1");
    await expect(own.get("cameras.7.name")).rejects.toThrow(/no key "cameras.7.name"/);
    await expect(own.get("__proto__")).rejects.toThrow(/no key/);
  });

  it("changes the text alone: comments and secrets stay, the file keeps its mode, the old one is kept", async () => {
    const { file, settings: own } = settings();
    const made = await own.change([{ key: "cameras.0.deadlineMs", value: 250 }], null);
    expect(made).toMatchObject({
      old: { "cameras.0.deadlineMs": 300 },
      new: { "cameras.0.deadlineMs": 250 },
      restart: ["cameras.0.deadlineMs"],
    });
    const text = readFileSync(file, "utf8");
    expect(text).toContain("# the line at the window");
    expect(text).toContain("deadlineMs: 250");
    expect(text).toContain("hunter2");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${file}.previous`, "utf8")).toBe(TEXT);
    expect(await own.get("cameras.0.deadlineMs")).toMatchObject({
      value: 300,
      changed: true,
      file_hash: made.hash,
    });
    expect(loadConfig(file, {}, MACHINE_FILES).cameras[0]?.deadlineMs).toBe(250);
  });

  it("goes back to the file before, and forth again", async () => {
    const { file, settings: own } = settings();
    await own.change([{ key: "http.port", value: 9999 }], null);
    const changed = readFileSync(file, "utf8");
    expect(await own.undo(null)).toMatchObject({ restart: ["http"] });
    expect(readFileSync(file, "utf8")).toBe(TEXT);
    await own.undo(null);
    expect(readFileSync(file, "utf8")).toBe(changed);
  });

  it.each([
    ["an unknown key", "cameras.0.deadlinMs", 1, /deadlinMs: unknown key.*did you mean "deadlineMs"/s],
    ["a wrong value", "cameras.0.deadlineMs", -1, /deadlineMs/],
    ["a second camera of the same name", "cameras.1", { name: "cam1" }, /taken by cameras\[0\]/],
    ["a place below a number", "cameras.0.deadlineMs.x", 1, /There is no place for/],
    ["a redacted secret", "cameras.0.source.url", "rtsp://***@10.0.0.5/stream", /stands for a secret/],
    ["a prototype", "__proto__.polluted", true, /./],
  ])("refuses %s and touches nothing", async (_what, key, value, words) => {
    const { file, settings: own } = settings();
    await expect(own.change([{ key, value }], null)).rejects.toThrow(words);
    expect(readFileSync(file, "utf8")).toBe(TEXT);
    expect(readdirSync(dirname(file))).toEqual(["assayd.yaml"]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("refuses a change meant for another file, and to go back where there is nothing", async () => {
    const { settings: own } = settings();
    await expect(own.change([{ key: "http.port", value: 9999 }], "0000")).rejects.toThrow(
      /has changed meanwhile/,
    );
    await expect(own.undo(null)).rejects.toThrow(/no configuration to go back to/);
  });

  it("repairs a file that was made invalid by hand", async () => {
    const { file, settings: own } = settings();
    writeFileSync(file, TEXT.replace("300", "-1"));
    expect((await own.get(null)).changed).toBe(true);
    expect(await own.change([{ key: "cameras.0.deadlineMs", value: 300 }], null)).toMatchObject({
      old: { "cameras.0.deadlineMs": null },
      new: { "cameras.0.deadlineMs": 300 },
    });
    expect((await own.get(null)).changed).toBe(false);
  });

  it("makes changes one after the other", async () => {
    const { file, settings: own } = settings();
    await Promise.all(
      [1001, 1002, 1003].map((port) => own.change([{ key: "http.port", value: port }], null)),
    );
    expect(readFileSync(file, "utf8")).toContain("port: 1003");
    expect(readFileSync(`${file}.previous`, "utf8")).toContain("port: 1002");
  });
});

describe("redacted", () => {
  it("takes out what is named like a secret, and what hides in addresses and launch strings", () => {
    const launch = 'rtspsrc location=rtsp://u:p@h/s user-pw="geheim" ! decodebin';
    const given = {
      plc: { bypassKey: "0815", port: 502 },
      http: { token: "t" },
      launch,
      list: ["mqtt://a:b@c"],
    };
    expect(redacted(given)).toEqual({
      plc: { bypassKey: "***", port: 502 },
      http: { token: "***" },
      launch: "rtspsrc location=rtsp://***@h/s user-pw=*** ! decodebin",
      list: ["mqtt://***@c"],
    });
    expect(redacted({ passwordFile: "/etc/pw", bypassKey: null })).toEqual({
      passwordFile: "/etc/pw",
      bypassKey: null,
    });
  });
});
