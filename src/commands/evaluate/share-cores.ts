/**
 * How many trainings run at the same time, and with how many CPU threads each: one thread each as long as there are
 * trainings enough.
 * @param cells trainings to do   @param cores threads that may be used   @param wanted jobs asked for; 0: decide here
 */
export function shareCores(
  cells: number,
  cores: number,
  wanted: number,
): { readonly jobs: number; readonly threads: number } {
  const jobs = Math.max(1, Math.min(cells, wanted > 0 ? wanted : cores));
  return { jobs, threads: Math.max(1, Math.floor(cores / jobs)) };
}
