import { INSTANT_SUFFIX, servedRecipes } from "./manifest.ts";
import type { BundleStore, BundleSummary } from "./store.ts";

/** Instant bundles kept although nothing leads to them: the newest, to go back to by hand. */
const KEPT = 1;

/**
 * Deletes stale instant bundles, when a promoted bundle has proven itself. For the daemon, which alone knows what is loaded.
 * @param inUse ids that are loaded   @returns the deleted ones   @throws ModelError; what is active is untouched
 */
export async function pruneInstantBundles(
  store: BundleStore,
  inUse: ReadonlySet<string>,
): Promise<readonly string[]> {
  const bundles = await store.list();
  const rollbacks = bundles
    .flatMap(({ activeFor }) => activeFor)
    .flatMap((recipe) => store.parentOf(recipe) ?? []);
  const stale = staleInstantBundles(bundles, rollbacks).filter((id) => !inUse.has(id));
  for (const id of stale) await store.remove(id);
  return stale;
}

/**
 * Instant bundles that have had their time: not the newest one of any of their products, not active, and no rollback leads
 * to them. Bundles that cannot be read are left alone.
 * @param bundles as `BundleStore.list` gives them, newest first   @param rollbacks ids that pointers name as parents
 */
function staleInstantBundles(
  bundles: readonly BundleSummary[],
  rollbacks: readonly string[],
): readonly string[] {
  const parentsOfActive = bundles
    .filter(({ activeFor }) => activeFor.length > 0)
    .flatMap(({ manifest }) => (manifest ? servedRecipes(manifest).map(({ parent }) => parent) : []));
  const needed = new Set([...rollbacks, ...parentsOfActive]);
  const seen = new Map<string, number>();
  const stale: string[] = [];
  for (const { id, manifest, activeFor } of bundles) {
    if (manifest === null || !id.endsWith(INSTANT_SUFFIX)) continue;
    const recipes = servedRecipes(manifest).map(({ recipe }) => recipe);
    const isNewest = recipes.some((recipe) => (seen.get(recipe) ?? 0) < KEPT);
    for (const recipe of recipes) seen.set(recipe, (seen.get(recipe) ?? 0) + 1);
    if (!isNewest && activeFor.length === 0 && !needed.has(id)) stale.push(id);
  }
  return stale;
}
