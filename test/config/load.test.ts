import fc from "fast-check";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig, parseConfig, problemLine } from "../../src/config/load.ts";
import { configSchema } from "../../src/config/schema.ts";
import { ConfigError } from "../../src/domain/errors.ts";

const example = readFileSync(new URL("../../config/assayd.yaml", import.meta.url), "utf8");

function problems(text: string): readonly string[] {
  const checked = parseConfig(text);
  return "problems" in checked ? checked.problems.map((problem) => problemLine("c.yaml", problem)) : [];
}

function load(text: string, env: Record<string, string> = {}) {
  return loadConfig("/etc/assayd/assayd.yaml", env, {
    readFile: (path) => {
      expect(path).toBe("/etc/assayd/assayd.yaml");
      return text;
    },
  });
}

describe("problems of a configuration", () => {
  test("an unknown key is named with its place and the nearest known name", () => {
    expect(problems("station:\n  nam: x\n")).toEqual([
      'c.yaml:2:3 station.nam: unknown key (got "nam"); expected one of name, stateDir, topicRoot, inputSize; did you mean "name"?',
    ]);
  });

  test("an unknown key of a camera's kind lists the keys of that kind", () => {
    const [line] = problems("cameras:\n  - source: { kind: v4l2, devise: /dev/video1 }\n");
    expect(line).toContain(
      'cameras[0].source.devise: unknown key (got "devise"); expected one of kind, device, format',
    );
    expect(line).toContain('did you mean "device"?');
  });

  test("an unknown key of a method lists the keys of that method, the nested one too", () => {
    expect(problems("training: { method: { name: aand, distance: cosine } }\n")).toEqual([
      'c.yaml:1:35 training.method.distance: unknown key (got "distance"); expected one of name, form, levels, student, amplify, wide, ' +
        'distill, bank, blurSigmaPx; remove "distance"',
    ]);
    const [nested] = problems("training: { method: { name: auto, trained: { name: rd, levls: [2] } } }\n");
    expect(nested).toContain(
      'expected one of name, levels, student, distill, blurSigmaPx; did you mean "levels"?',
    );
  });

  test("an unknown key of a map that may be null lists its keys", () => {
    const text = "training: { preprocess: { pictureSize: { width: 640, height: 480, depth: 3 } } }\n";
    expect(problems(text)[0]).toContain("expected one of width, height;");
  });

  test("a wrong value says what it got, what is expected and the default", () => {
    expect(problems("station:\n  inputSize: 100\n")).toEqual([
      "c.yaml:2:14 station.inputSize: not allowed (got 100); expected a multiple of 32; " +
        "correct the value (square model input in pixels), or remove the key to take the default 256",
    ]);
  });

  test("every problem is reported, in the order of the lines", () => {
    const found = problems(
      "http: { port: 70000 }\nlog: { level: loud }\nimages:\n  quality: 0\nteacher: 3\n",
    );
    expect(found.map((line) => line.split(" ")[0])).toEqual([
      "c.yaml:1:15",
      "c.yaml:2:15",
      "c.yaml:4:12",
      "c.yaml:5:10",
    ]);
  });

  test("a missing value is reported at what should hold it", () => {
    expect(problems("cameras:\n  - name: a\n    source: { kind: folder }\n")[0]).toContain(
      "c.yaml:3:13 cameras[0].source.path: missing; expected a text; add this key",
    );
  });

  test("an unknown kind lists the kinds", () => {
    expect(problems("cameras: [{ source: { kind: webcam } }]")[0]).toContain(
      'not allowed (got "webcam"); expected one of simulated, folder, v4l2, rtsp, csi, genicam, pipeline',
    );
  });

  test("two cameras may not have one name", () => {
    expect(problems("cameras:\n  - name: a\n  - name: a\n")).toEqual([
      'c.yaml:3:11 cameras[1].name: taken by cameras[0] (got "a"); expected a name of its own; give this camera another',
    ]);
  });

  test("nor may two recipes", () => {
    expect(problems("recipes:\n  - name: a\n  - name: a\n")).toEqual([
      'c.yaml:3:11 recipes[1].name: taken by recipes[0] (got "a"); expected a name of its own; give this recipe another',
    ]);
  });

  test("broken YAML and a key written twice are reported with their line", () => {
    expect(problems("station:\n\tname: x\n")[0]).toMatch(/^c\.yaml:\d+:\d+: not valid YAML/);
    expect(problems("log: { level: info }\nlog: { level: warn }\n")[0]).toMatch(
      /^c\.yaml:2:1: not valid YAML: .*unique/,
    );
  });

  test("any text is either a configuration or problems, never another error", () => {
    const lines = example.split("\n");
    const mutated = fc
      .array(fc.tuple(fc.nat(lines.length - 1), fc.string({ maxLength: 12 }), fc.nat(20)), {
        minLength: 1,
        maxLength: 4,
      })
      .map((changes) => {
        const changed = [...lines];
        for (const [index, text, at] of changes) {
          const line = changed[index] ?? "";
          changed[index] = line.slice(0, at) + text + line.slice(at + text.length);
        }
        return changed.join("\n");
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string()), (text) => {
        for (const line of problems(text)) expect(line).toMatch(/^c\.yaml:\d+:\d+.*; expected .*; /s);
      }),
      { seed: 1, numRuns: 400 },
    );
  });
});

describe("loadConfig", () => {
  test("gives the defaults without a file", () => {
    const config = loadConfig(null, {}, { readFile: () => "" });
    expect(config).toEqual({
      ...configSchema.parse({}),
      station: { ...config.station, stateDir: resolve(".state") },
      recipesDir: resolve("recipes"),
    });
  });

  test("throws one ConfigError with a line for each problem", () => {
    expect(() => load("log: { level: x, colour: red }")).toThrow(ConfigError);
    expect(() => load("log: { level: x, colour: red }")).toThrow(
      /has 2 problems:\n\/etc\/assayd\/assayd\.yaml:1:15 log\.level/,
    );
  });

  test("names the file and the remedy if it cannot be read", () => {
    expect(() => loadConfig("/nowhere.yaml", {}, { readFile: (path) => readFileSync(path, "utf8") })).toThrow(
      /cannot read the configuration \/nowhere\.yaml .*ENOENT.*copy config\/assayd\.yaml/s,
    );
  });

  test("counts relative paths from the file's folder", () => {
    const config = load(
      "station: { stateDir: s }\n" +
        "cameras: [{ source: { kind: folder, path: ../p }, trigger: { kind: http, tokenFile: t } }]\n" +
        "training: { texturesDir: dtd }\nbroker: { kind: external, url: 'mqtts://b', caFile: ca.pem, keyFile: /k.pem }\n",
    );
    expect(config.station.stateDir).toBe("/etc/assayd/s");
    expect(config.cameras[0]?.source).toMatchObject({ path: "/etc/p" });
    expect(config.cameras[0]?.trigger).toMatchObject({ tokenFile: "/etc/assayd/t" });
    expect(config.training.texturesDir).toBe("/etc/assayd/dtd");
    expect(config.broker).toMatchObject({ caFile: "/etc/assayd/ca.pem", keyFile: "/k.pem" });
  });

  test("systemd's state folder wins, the first if there are several", () => {
    expect(
      load("station: { stateDir: s }", { STATE_DIRECTORY: "/var/lib/assayd:/var/lib/b" }).station.stateDir,
    ).toBe("/var/lib/assayd");
  });
});
