/** Opens, runs and releases N sessions; prints how much the resident memory grew after the first ten. */
import { openSession } from "../../src/onnx/session.ts";
import { picture, sampleModel } from "../bundles/sample-bundle.ts";

const count = Number(process.argv[2]);
let warm = 0;
for (let index = 0; index < count; index += 1) {
  const session = await openSession({ model: sampleModel(), providers: ["cpu"], threads: 1 });
  await session.run({ image: { dims: [1, 16, 16, 3], data: picture(index) } });
  await session.release();
  globalThis.gc?.();
  if (index === 9) warm = process.memoryUsage.rss();
}
process.stdout.write(JSON.stringify({ grownMiB: (process.memoryUsage.rss() - warm) / 2 ** 20 }));
