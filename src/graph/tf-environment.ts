import util from "node:util";

/**
 * Must be loaded before TensorFlow: keeps its start-up notes out of stderr, and replaces the two deprecated functions that
 * tfjs-node 4.22 still calls (Node 22 warns about them, 23 and later have none; fixed upstream in #8425, not released).
 */
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true"; // the only control of GPU memory there is (platform.md §3)
Object.assign(util, {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: (value: unknown) => Array.isArray(value),
});
