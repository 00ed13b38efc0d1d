/** Adds and promotes a bundle with a failpoint armed: node promote-child.ts BUNDLES ACTIVE FOLDER FAILPOINTS */
import { BundleStore } from "../../src/bundles/store.ts";
import { armFailpoints } from "../../src/system/failpoints.ts";

const [bundles = "", active = "", folder = "", failpoints] = process.argv.slice(2);
armFailpoints(failpoints);
const store = new BundleStore({ bundles, active });
const { id, recipe } = await store.add(folder);
await store.promote(recipe, id);
process.disconnect();
