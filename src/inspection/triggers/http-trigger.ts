import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { CameraConfig } from "../../config/schema.ts";
import { ConfigError, messageOf } from "../../domain/errors.ts";
import type { Inspection } from "../../domain/inspection.ts";
import type { StationActions } from "../../domain/station-view.ts";
import { resultPayload } from "../../messaging/result-payload.ts";
import { commandSchemas } from "../../messaging/schemas/command.ts";
import type { Route, RouteAnswer, RouteRequest } from "../../system/http-route.ts";

const PREFIX = "/trigger/";
const MAX_BYTES = 1024;

/** As of the command `trigger`, but for the camera, which the address names. */
const bodySchema = commandSchemas.trigger.omit({ camera: true });

interface HttpTriggerParts {
  /** Token of each camera that is triggered over HTTP; null: it asks for none. */
  readonly tokens: ReadonlyMap<string, string | null>;
  readonly trigger: StationActions["trigger"];
}

/**
 * Tokens of the cameras that are triggered over HTTP.
 * @throws ConfigError `token-file` if a file cannot be read or holds none, `http-off` if there is no status server
 */
export async function readTriggerTokens({
  cameras,
  http,
}: {
  readonly cameras: readonly Pick<CameraConfig, "name" | "trigger">[];
  readonly http: { readonly enabled: boolean };
}): Promise<ReadonlyMap<string, string | null>> {
  const tokens = new Map<string, string | null>();
  for (const { name, trigger } of cameras) {
    if (trigger.kind !== "http") continue;
    if (!http.enabled)
      throw new ConfigError(
        "http-off",
        `camera ${name} has trigger.kind http, but http.enabled is false; switch it on, or choose another trigger`,
      );
    tokens.set(name, trigger.tokenFile === undefined ? null : await readToken(name, trigger.tokenFile));
  }
  return tokens;
}

/**
 * `POST /trigger/<camera>` with a JSON body of at most 1 kB (trigger_id, part_id, tag; or none): inspects one part. The answer is
 * its result as MQTT tells it: 200 whatever the verdict, 503 if the station was not ready for it.
 */
export function httpTriggerRoute(parts: HttpTriggerParts): Route {
  return {
    prefix: PREFIX,
    method: "POST",
    maxBytes: MAX_BYTES,
    answer: (request) => answer(parts, request),
  };
}

async function answer({ tokens, trigger }: HttpTriggerParts, request: RouteRequest): Promise<RouteAnswer> {
  const camera = request.rest;
  const token = tokens.get(camera);
  if (token === undefined) return refusal(404, "no such camera is triggered over HTTP (trigger.kind: http)");
  if (token !== null && !isBearer(request.authorization, token))
    return {
      ...refusal(401, "send the token as authorization: Bearer …"),
      headers: { "www-authenticate": "Bearer" },
    };
  const body = await request.body();
  if (body === null) return refusal(413, `the body must not be longer than ${MAX_BYTES} bytes`);
  const wish = readWish(body);
  if (typeof wish === "string") return refusal(400, wish);
  const { trigger_id: triggerId, part_id: partId, tag } = wish;
  try {
    const inspection = await trigger(camera, {
      partId: partId ?? null,
      ...(triggerId !== undefined && { triggerId }),
      ...(tag !== undefined && { tag }),
    });
    return { status: inspection.reason === "not_ready" ? 503 : 200, json: resultOf(inspection) };
  } catch (error) {
    return refusal(503, messageOf(error)); // the station is starting or ending
  }
}

/** What is asked for, or what is wrong with it. */
function readWish(body: string): ReturnType<typeof bodySchema.parse> | string {
  if (body.trim() === "") return {};
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return "the body is not JSON";
  }
  const parsed = bodySchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not a trigger"}`.trim();
}

function resultOf(inspection: Inspection) {
  const model = { id: inspection.bundleId, version: null, hash: null };
  return resultPayload(inspection, { recipe: inspection.recipe, model });
}

/** Digests are compared, so that neither length nor contents of the token show in the time it takes. */
function isBearer(authorization: string | null, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function readToken(camera: string, file: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(file, "utf8")).trim();
  } catch (error) {
    throw tokenError(camera, file, messageOf(error), error);
  }
  if (/^\S+$/.test(token)) return token;
  throw tokenError(camera, file, "it must hold one word");
}

function tokenError(camera: string, file: string, why: string, cause?: unknown): ConfigError {
  return new ConfigError(
    "token-file",
    `trigger.tokenFile "${file}" of camera ${camera} cannot be used (${why}). Name a file that this user may read and that holds the token, or leave it out.`,
    { cause },
  );
}

function refusal(status: number, error: string): RouteAnswer {
  return { status, json: { error } };
}
