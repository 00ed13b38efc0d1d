import type { InstantConfig } from "../config/method-schema.ts";

/** Whether the instant model judges a recipe while another one is trained. @param active the recipe's model now */
export function judgesInstantly({ start }: Pick<InstantConfig, "start">, active: string | null): boolean {
  return start === "always" || (start === "first" && active === null);
}
