/** Promotes "a" and "b" in turn until killed: node promote-forever.ts BUNDLES ACTIVE */
import { BundleStore } from "../../src/bundles/store.ts";

const [bundles = "", active = ""] = process.argv.slice(2);
const store = new BundleStore({ bundles, active });
for (;;) {
  for (const id of ["a", "b"]) {
    await store.promote("bottle", id);
    process.send?.(id);
  }
}
