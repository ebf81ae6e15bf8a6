import type { Problem } from "./nouns";

/** Where the server's other routes stand, as it wrote into the page: `/`, or what a proxy puts before it. */
export const ROOT = document.querySelector<HTMLBaseElement>("base")?.dataset.otelBridge || "/";
export const API = `${ROOT}api/v1/`;
/** Says that no person typed this address, so that a refusal brings no dialog of the browser's own. */
export const FETCHED = { "x-requested-with": "fetch" };

/** An answer that is no success, or no answer at all (`status` 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly retryAfterSeconds: number | null,
  ) {
    super(`${status} ${title}: ${detail}`);
  }

  /** Reads the problem document of an answer; an answer of some proxy has none. */
  static async from(response: Response): Promise<Refusal> {
    const after = Number(response.headers.get("retry-after"));
    const text = await response.text().catch(() => "");
    const problem = parseProblem(text);
    return new Refusal(
      response.status,
      problem?.title ?? response.statusText,
      problem?.detail ?? text.slice(0, 300),
      Number.isFinite(after) && after > 0 ? after : null,
    );
  }

  static unreachable(error: unknown): Refusal {
    return new Refusal(0, "", error instanceof Error ? error.message : String(error), null);
  }
}

function parseProblem(text: string): Problem | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "title" in value ? (value as Problem) : null;
  } catch {
    return null;
  }
}

/** GETs JSON below `/api/v1/`. Throws a `Refusal`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    response = await fetch(API + path, { signal: signal ?? null, headers: { accept: "application/json", ...FETCHED } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw Refusal.unreachable(error);
  }
  if (!response.ok) throw await Refusal.from(response);
  return (await response.json()) as T;
}
