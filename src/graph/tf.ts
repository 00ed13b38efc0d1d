import "./tf-environment.ts";
import * as tf from "@tensorflow/tfjs-node-gpu";

/** TensorFlow, loaded once. Import it from here only: importing this file loads about 1 GB of libraries. */
export { tf };
