import { registerHooks } from "node:module";

/** The OPC UA process on a machine without the optional packages: resolving any of them fails as Node would. */
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier.startsWith("node-opcua")) {
      const error = new Error(`Cannot find package '${specifier}' imported from ${context.parentURL ?? "?"}`);
      throw Object.assign(error, { code: "ERR_MODULE_NOT_FOUND" });
    }
    return nextResolve(specifier, context);
  },
});

await import("../../src/opcua/process.ts");
