import type { InstantConfig } from "../config/method-schema.ts";
import type { JobStatus } from "./supervisor.ts";

/** Whether the instant model judges a recipe while another one is trained. @param active the recipe's model now */
export function judgesInstantly({ start }: Pick<InstantConfig, "start">, active: string | null): boolean {
  return start === "always" || (start === "first" && active === null);
}

/** For the end of a message on a job that gave no other model: what judges now. @param active the recipe's model now */
export function instantWords({ instant }: Pick<JobStatus, "instant">, active: string | null): string {
  if (active === null || instant?.bundleId !== active) return "";
  return `; the instant model ${active} goes on judging`;
}
