import type { Canvas } from "./canvas.ts";
import type { Random } from "./draws.ts";
import type { ProductName } from "./product-names.ts";
import type { Conditions, Scene } from "./scene.ts";

/** A kind of product, written as data (`Item`) and how to draw it. A defect is a change of that data. */
export interface Family<Item> {
  readonly name: ProductName;
  /** What it is and why it is hard, for lists: one line. */
  readonly summary: string;
  readonly conditions: Conditions;
  /**
   * A part as it should be, with the variation that a good line has.
   * @param seed whole number 0..65535 for noise that belongs to this part
   */
  readonly good: (random: Random, seed: number) => Item;
  /** Kind of defect (folder name of the MVTec form) → the part with it, of random place, size and strength. */
  readonly defects: Readonly<Record<string, (item: Item, random: Random) => Item>>;
  /** Draws the ground and the part on an empty canvas; the same pixels for the same arguments. */
  readonly draw: (canvas: Canvas, item: Item, scene: Scene) => void;
}

/** Draws one part as the camera would see it, without light falloff and sensor noise. */
export type DrawPart = (canvas: Canvas, scene: Scene) => void;

/** A family whose items nobody else has to know. */
export interface Product {
  readonly name: ProductName;
  readonly summary: string;
  readonly conditions: Conditions;
  /** Kinds of defect, never empty. */
  readonly defects: readonly string[];
  /** Plans a good part; `spoil` gives the same part with a defect. @throws RangeError for an unknown kind */
  readonly plan: (
    random: Random,
    seed: number,
  ) => { readonly draw: DrawPart; readonly spoil: (defect: string, random: Random) => DrawPart };
}

export function productOf<Item>(family: Family<Item>): Product {
  const { name, summary, conditions, defects, draw } = family;
  const drawing =
    (item: Item): DrawPart =>
    (canvas, scene) => {
      draw(canvas, item, scene);
    };
  return {
    name,
    summary,
    conditions,
    defects: Object.keys(defects),
    plan: (random, seed) => {
      const good = family.good(random, seed);
      return {
        draw: drawing(good),
        spoil: (defect, chance) => {
          const spoil = defects[defect];
          if (spoil === undefined) {
            throw new RangeError(
              `${name} has no defect "${defect}", only ${Object.keys(defects).join(", ")}`,
            );
          }
          return drawing(spoil(good, chance));
        },
      };
    },
  };
}
