/** What happens at a station, as its event topic and its audit trail tell it. */
export const EVENT_KINDS: readonly {
  readonly kind: string;
  readonly data: string;
  readonly words: string;
}[] = [
  {
    kind: "command.done",
    data: "command, by, text, params, old, new",
    words: "a command was done, as it was asked for; `old` and `new` where it changed a value",
  },
  {
    kind: "command.refused",
    data: "command, by, code, text, unrecorded",
    words: "it was not; of a flood 5 a second are told, with the number of those left out",
  },
  { kind: "command.failed", data: "command, by, code, text", words: "a fault of assayd: see its log" },
  {
    kind: "station.started",
    data: "software, config_hash, safe_mode",
    words: "the daemon starts; `session` is another one from now on",
  },
  {
    kind: "station.stopped",
    data: "",
    words: "the daemon ends as it was asked to; missing before a start: it was killed",
  },
  { kind: "line.started", data: "by", words: "triggers are taken" },
  { kind: "line.halted", data: "by", words: "triggers are answered `ERR not_ready`" },
  {
    kind: "line.stopped",
    data: "code, text",
    words: "the line stopped itself: too many rejects; it waits for a reset",
  },
  { kind: "line.reset", data: "by, was", words: "somebody acknowledged that stop" },
  { kind: "camera.state", data: "state, code, message", words: "a camera opens, plays, stalls, fails" },
  { kind: "bypass", data: "by, on", words: "parts pass unjudged from now on, or no more" },
  { kind: "recipe.selected", data: "by, recipe, before", words: "the next parts are judged by it" },
  { kind: "recipe.prepared", data: "by, recipe", words: "its model is loaded beside the active one" },
  { kind: "recipe.not-kept", data: "text", words: "a selected recipe will not hold over a restart" },
  { kind: "threshold.set", data: "by, model_id, old, new", words: "limits set by a person" },
  {
    kind: "model.promoted",
    data: "by, model_id, parent",
    words: "a bundle judges, by command, by a job or by a rollback",
  },
  { kind: "model.unusable", data: "text", words: "the active bundle cannot be used: parts are `ERR`" },
  {
    kind: "model.crash-loop",
    data: "text",
    words: "it killed its process again and again: rolled back if there is a parent",
  },
  { kind: "counters.reset", data: "by", words: "totals begin anew" },
  { kind: "gauge.done", data: "the job's message", words: "a repeatability study ended" },
  { kind: "challenge.done", data: "the job's message", words: "the known defects were scored" },
  {
    kind: "replay.ended",
    data: "id, by, state, from, to, count, missing",
    words: "the last result of a replay was sent",
  },
  { kind: "gap", data: "camera, from, to, count, reason", words: "results that will never come" },
  {
    kind: "clock.step",
    data: "step_ms",
    words: "the wall clock was set; order and verdicts do not depend on it",
  },
  {
    kind: "encoder.leapt",
    data: "counts",
    words: "the encoder's count leapt: what is on the conveyor is unknown",
  },
  {
    kind: "audit.nearly-full",
    data: "entries, max, text",
    words: "the audit trail has four fifths of `history.auditEntries`; above it the oldest entries give way",
  },
  { kind: "store.set-aside", data: "path, text", words: "the store was damaged; an empty one was begun" },
];
