import { goodAssembly, type Assembly } from "../assembly.ts";
import type { Canvas } from "../canvas.ts";
import { DEFECTS, spoil } from "../defects.ts";
import { drawPart } from "../draw-part.ts";
import type { Random } from "../draws.ts";
import { productOf } from "../family.ts";
import { createNoiseTile } from "../noise-tile.ts";
import type { Scene } from "../scene.ts";

const BELT = createNoiseTile(21, [
  { across: 1.6, along: 1.6, weight: 4 },
  { across: 30, along: 60, weight: 3 },
]);

/** The default product of the simulated line. */
export const RELAY = productOf<Assembly>({
  name: "default",
  summary: "relay module on a conveyor belt: printed label, connector, screws; the easy one",
  conditions: {
    shift: 3,
    turn: 0.035,
    exposure: 0.06,
    gradient: 0.05,
    warmth: 0.015,
    noise: [2.5, 3.5],
    blur: [0, 0],
  },
  good: (random, seed) => goodAssembly(seed, random),
  defects: Object.fromEntries(
    DEFECTS.map((defect) => [defect, (part: Assembly, random: Random) => spoil(part, defect, random)]),
  ),
  draw: (canvas, assembly, scene) => {
    drawBelt(canvas, scene);
    drawPart(canvas, assembly);
  },
});

/** A woven conveyor belt that has moved since the last part. */
function drawBelt({ size, scale, pixels }: Canvas, { groundX, groundY }: Scene): void {
  const weave = (distance: number): number => 2.5 * Math.cos(distance * 1.8);
  const warp = Float32Array.from({ length: size.width }, (_, x) => weave(x / scale + groundX));
  for (let y = 0; y < size.height; y++) {
    const v = y / scale + groundY;
    const weft = weave(v);
    for (let x = 0; x < size.width; x++) {
      const light = 62 + weft - warp[x]! + BELT(x / scale + groundX, v);
      const at = (y * size.width + x) * 3;
      pixels[at] = light - 4;
      pixels[at + 1] = light + 2;
      pixels[at + 2] = light;
    }
  }
}
