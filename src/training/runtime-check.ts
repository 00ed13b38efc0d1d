import { tf } from "../graph/tf.ts";

/** Child process of `assayd doctor`: loads TensorFlow, multiplies once, and says which backend did it. Fails by exit code. */
const product = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0]);
if (tf.getBackend() !== "tensorflow" || product !== 11) {
  throw new Error(
    `backend ${tf.getBackend()} says that 1*3 + 2*4 is ${String(product)}; expected tensorflow and 11`,
  );
}
process.stdout.write(`tfjs ${tf.version.tfjs} on TensorFlow's own kernels\n`);
