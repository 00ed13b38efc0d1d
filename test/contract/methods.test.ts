import { describe, expect, it } from "vitest";
import { normalizationWeights, teacherNetwork } from "../../src/backbones/backbone.ts";
import { backboneByName } from "../../src/backbones/registry.ts";
import { type AandConfig, aandSchema } from "../../src/config/method-schema.ts";
import { countCost } from "../../src/graph/cost.ts";
import type { Network, Shape } from "../../src/graph/ops.ts";
import { createRandom } from "../../src/graph/random.ts";
import { aandNetwork } from "../../src/methods/aand/paper/aand-network.ts";
import { amplifyConstants, amplifyNetwork } from "../../src/methods/aand/paper/amplify-network.ts";
import { mapNetwork } from "../../src/methods/shared/map-network.ts";
import { inspectorNetwork, inspectorWeights } from "../../src/methods/inspector-network.ts";
import { compactStudent } from "../../src/methods/students/compact.ts";
import { reverseStudent } from "../../src/methods/students/reverse.ts";
import { randomMap, randomWeights, relativeDifference, runOnnx, runTf } from "./run-network.ts";

const TOLERANCE = 1e-4;
const SHAPES: readonly Shape[] = [
  { c: 8, h: 16, w: 16 },
  { c: 12, h: 8, w: 8 },
  { c: 16, h: 4, w: 4 },
];
const WIDE: readonly Shape[] = [
  { c: 16, h: 8, w: 8 },
  { c: 1024, h: 4, w: 4 },
];
const LEVELS = SHAPES.map((shape, at) => ({ level: at + 1, shape }));
const RAA = { hidden: 2, memory: 10, temperature: 0.2 };

const mapCase = (distance: "cosine" | "whitened"): Case => ({
  name: `anomaly map, ${distance}`,
  inputs: [...SHAPES, ...SHAPES],
  network: mapNetwork({ distance, blurSigmaPx: 2, height: 48, width: 64 }),
});

interface Case {
  readonly name: string;
  readonly inputs: readonly Shape[];
  readonly network: Network;
}

const CASES: readonly Case[] = [
  { name: "amplifier", inputs: SHAPES, network: amplifyNetwork(LEVELS, RAA) },
  { name: "compact student, levels 1 to 3", inputs: SHAPES, network: compactStudent },
  { name: "compact student, levels 2 and 3", inputs: SHAPES.slice(1), network: compactStudent },
  { name: "compact student, levels 1 and 3", inputs: [SHAPES[0]!, SHAPES[2]!], network: compactStudent },
  { name: "reverse student, basic blocks", inputs: SHAPES, network: reverseStudent },
  { name: "reverse student, levels 1 and 3", inputs: [SHAPES[0]!, SHAPES[2]!], network: reverseStudent },
  mapCase("cosine"),
  mapCase("whitened"),
];

describe("tfjs and ONNX Runtime give the same", () => {
  it.each(CASES)("$name", async ({ inputs, network }) => {
    const random = createRandom(11);
    const weights = new Map([
      ...randomWeights(network, inputs, random),
      ...amplifyConstantsFor(network, inputs),
    ]);
    const maps = inputs.map((shape) => randomMap(shape, random));
    const expected = runTf(network, weights, maps);
    const actual = await runOnnx(network, weights, maps);
    expect(actual.length).toBe(expected.length);
    for (const [at, output] of actual.entries())
      expect(relativeDifference(output, expected[at]!)).toBeLessThan(TOLERANCE);
  });
});

/** The real positional maps and trust where the network asks for them. */
function amplifyConstantsFor(network: Network, inputs: readonly Shape[]) {
  const asked = new Set(countCost(network, inputs).weights.map(({ name }) => name));
  return [...amplifyConstants(LEVELS)].filter(([name]) => asked.has(name));
}

describe("the students", () => {
  it.each([
    ["compact", compactStudent, SHAPES],
    ["reverse", reverseStudent, SHAPES],
    ["reverse with bottleneck blocks", reverseStudent, WIDE],
  ] as const)("%s predicts every level at its own shape", (_, network, shapes) => {
    expect(countCost(network, shapes).outputs).toEqual(shapes);
  });

  it("reverse is RD's own network at the shapes of wide_resnet50_2", () => {
    const shapes = [
      { c: 256, h: 64, w: 64 },
      { c: 512, h: 32, w: 32 },
      { c: 1024, h: 16, w: 16 },
    ];
    const { outputs, weights, parameters } = countCost(reverseStudent, shapes);
    const shapeOf = (name: string) => weights.find((weight) => weight.name === name)?.shape;
    expect(outputs).toEqual(shapes);
    // AAND Table VIII says 161.08 M for RD: the student, its unused conv4 and bn4, and a whole wide_resnet50_2
    const [unused, teacher] = [4096 * 2048 + 2 * 2048, 68_883_240];
    expect(((parameters + unused + teacher) / 1e6).toFixed(2)).toBe("161.08");
    expect(shapeOf("student.ocbe.down1_1.conv.weight")).toEqual([512, 256, 3, 3]);
    expect(shapeOf("student.ocbe.down1_2.conv.weight")).toEqual([1024, 512, 3, 3]);
    expect(shapeOf("student.ocbe.block0.skip.weight")).toEqual([2048, 3072, 1, 1]);
    expect(shapeOf("student.stage1.block0.skip.weight")).toEqual([2048, 1024, 2, 2]);
    expect(shapeOf("student.stage3.block5.conv3.weight")).toEqual([256, 128, 1, 1]);
  });
});

describe("the whole inspector is the same in tfjs and ONNX Runtime", () => {
  const size = { width: 64, height: 64 };
  const variants: readonly Partial<AandConfig>[] = [
    {},
    { student: "reverse", levels: [1, 2, 3] },
    { student: "compact", levels: [2] },
    {
      student: "reverse",
      levels: [2, 3],
      amplify: { ...aandSchema.shape.amplify.parse({}), enabled: false },
    },
  ];
  it.each(variants)("with %j", async (variant) => {
    const config = { ...aandSchema.parse({ name: "aand" }), ...variant };
    const backbone = backboneByName("efficientnet-lite0");
    const levels = backbone.levels(size).filter(({ level }) => config.levels.includes(level));
    const teacher = teacherNetwork(backbone);
    const method = aandNetwork(levels, config, size);
    const network = inspectorNetwork({ teacher, levels, method, looksAtPictures: false });
    const random = createRandom(21);
    const picture = {
      shape: { c: 3, h: 64, w: 64 },
      data: Float32Array.from({ length: 3 * 64 * 64 }, random),
    };
    const shapes = levels.map(({ shape }) => shape);
    const weights = inspectorWeights(
      new Map([...randomWeights(teacher, [picture.shape], random), ...normalizationWeights(backbone)]),
      new Map([
        ...randomWeights(method, shapes, random),
        ...(config.amplify.enabled ? amplifyConstants(levels) : []),
      ]),
      { mean: 0.4, std: 0.25 },
    );
    expect(countCost(network, [picture.shape]).outputs).toEqual([
      { c: 1, h: 1, w: 1 },
      { c: 1, h: 64, w: 64 },
    ]);
    const [score, map] = runTf(network, weights, [picture]);
    const [onnxScore, onnxMap] = await runOnnx(network, weights, [picture]);
    expect(relativeDifference(onnxMap!, map!)).toBeLessThan(TOLERANCE);
    expect(onnxScore![0]).toBeCloseTo(score![0]!, 3);
    expect(score![0]).toBe(map!.reduce((highest, value) => Math.max(highest, value), -Infinity));
  });
});
