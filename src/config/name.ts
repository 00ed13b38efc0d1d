import { z } from "zod";

/** Station, camera and recipe names: also MQTT topic levels and folder names. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "1 to 64 of a-z 0-9 _ - that begin with a letter or digit");
