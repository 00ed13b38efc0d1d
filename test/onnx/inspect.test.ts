import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssaydError } from "../../src/domain/errors.ts";
import { exportOnnx } from "../../src/graph/onnx-ops.ts";
import { decodeModel, encodeModel, floatTensor, node } from "../../src/onnx/encode.ts";
import { inspectModel } from "../../src/onnx/inspect.ts";
import type { InspectOptions } from "../../src/onnx/inspect.ts";
import type { GraphProto, ModelProto, NodeProto, TensorProto } from "../../src/onnx/onnx-proto.ts";

const GOOD = exportOnnx({
  name: "good",
  input: { name: "image", size: { width: 4, height: 4 } },
  network: (ops, [x]) =>
    x === undefined ? [] : [ops.maxAll(ops.conv2d(x, "conv", { filters: 2, kernel: 3 }))],
  outputs: ["score"],
  weights: new Map([["conv.weight", { shape: [2, 3, 3, 3], data: new Float32Array(54) }]]),
  metadata: { bundle: "b1" },
});

function changed(change: (model: ModelProto, graph: GraphProto) => ModelProto): Uint8Array {
  const model = decodeModel(GOOD);
  return encodeModel(change(model, model.graph ?? {}));
}

const withNode = (extra: NodeProto) =>
  changed((model, graph) => ({ ...model, graph: { ...graph, node: [...(graph.node ?? []), extra] } }));

const withTensor = (extra: TensorProto) =>
  changed((model, graph) => ({
    ...model,
    graph: { ...graph, initializer: [...(graph.initializer ?? []), extra] },
  }));

function refused(bytes: Uint8Array, code: string, options?: InspectOptions): void {
  expect(() => inspectModel(bytes, { source: "m.onnx", ...options })).toThrow(
    expect.objectContaining({ code }),
  );
}

describe("a model from outside", () => {
  test("passes if assayd could have written it, and is returned decoded", () => {
    const model = inspectModel(GOOD);
    expect(model.opsetImport).toEqual([{ domain: "", version: 17 }]);
    expect(model.metadataProps).toEqual([{ key: "bundle", value: "b1" }]);
    expect(model.graph?.input?.[0]?.type?.tensorType?.shape?.dim).toEqual(
      [1, 4, 4, 3].map((dimValue) => ({ dimValue })),
    );
    expect(model.graph?.output?.[0]?.name).toBe("score");
  });

  test("is refused above the size cap", () => {
    refused(GOOD, "model-too-large", { maxBytes: GOOD.length - 1 });
  });

  test("is refused with data outside the file", () => {
    const outside = floatTensor("w", [0], new Float32Array());
    refused(withTensor({ ...outside, dataLocation: 1 }), "model-external-data");
    const externalData = [{ key: "location", value: "/etc/passwd" }];
    refused(withTensor({ ...outside, externalData }), "model-external-data");
    const constant = node("Identity", ["image"], "x");
    const hidden = { ...constant, attribute: [{ name: "value", type: 4, t: { ...outside, externalData } }] };
    refused(withNode(hidden), "model-external-data");
  });

  test("is refused with an operation or a domain that is not on the list", () => {
    refused(withNode(node("If", ["image"], "x")), "model-op");
    refused(withNode({ ...node("Relu", ["image"], "x"), domain: "evil" }), "model-op");
    refused(
      changed((model) => ({ ...model, opsetImport: [{ domain: "evil", version: 1 }] })),
      "model-op",
    );
  });

  test("is refused with subgraphs, functions, training information or sparse tensors", () => {
    const bytes = Uint8Array.of(10, 1, 65);
    refused(
      withNode({ ...node("Relu", ["image"], "x"), attribute: [{ name: "body", g: bytes }] }),
      "model-feature",
    );
    refused(
      withNode({ ...node("Relu", ["image"], "x"), attribute: [{ name: "s", sparseTensor: bytes }] }),
      "model-feature",
    );
    refused(
      changed((model) => ({ ...model, functions: [bytes] })),
      "model-feature",
    );
    refused(
      changed((model) => ({ ...model, trainingInfo: [bytes] })),
      "model-feature",
    );
    refused(
      changed((model, graph) => ({ ...model, graph: { ...graph, sparseInitializer: [bytes] } })),
      "model-feature",
    );
  });

  test("is refused with a newer opset or IR version", () => {
    refused(
      changed((model) => ({ ...model, opsetImport: [{ domain: "", version: 18 }] })),
      "model-version",
    );
    refused(
      changed((model) => ({ ...model, irVersion: 9 })),
      "model-version",
    );
  });

  test("is refused when a tensor is not as long as its shape says", () => {
    refused(withTensor(floatTensor("w", [1000], new Float32Array(3))), "model-tensor");
    refused(withTensor({ ...floatTensor("w", [1], new Float32Array(1)), dataType: 8 }), "model-tensor");
    refused(withTensor(floatTensor("w", [-1, -1], new Float32Array(1))), "model-tensor");
  });

  test("never makes the walk fail in another way, whatever bytes are cut or flipped", () => {
    fc.assert(
      fc.property(
        fc.nat(GOOD.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bytes = GOOD.slice(0, cut ? at : GOOD.length);
          if (!cut) bytes[at] = (bytes[at] ?? 0) ^ flip;
          let thrown: unknown;
          try {
            inspectModel(bytes);
          } catch (error) {
            thrown = error;
          }
          expect(thrown === undefined || thrown instanceof AssaydError).toBe(true);
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe("an EPContext node", () => {
  const engine = (attributes: Parameters<typeof node>[3]) =>
    changed((model, graph) => ({
      ...model,
      opsetImport: [...(model.opsetImport ?? []), { domain: "com.microsoft", version: 1 }],
      graph: {
        ...graph,
        node: [{ ...node("EPContext", ["image"], "score", attributes), domain: "com.microsoft" }],
      },
    }));

  test("is accepted only when asked for", () => {
    const bytes = engine({ embed_mode: 0, ep_cache_context: "engines/a.engine" });
    refused(bytes, "model-op");
    expect(inspectModel(bytes, { epContext: "allow" }).graph?.node).toHaveLength(1);
    expect(inspectModel(engine({ embed_mode: 1 }), { epContext: "allow" }).graph?.node).toHaveLength(1);
  });

  test.each(["/tmp/a.engine", "../a.engine", "a/../../b", "", "C:\\a"])(
    "is refused with the path %j",
    (path) => {
      refused(engine({ embed_mode: 0, ep_cache_context: path }), "model-external-data", {
        epContext: "allow",
      });
    },
  );
});
