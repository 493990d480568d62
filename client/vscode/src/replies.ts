/** What `recall lsp` answers and tells, read field by field. Knows nothing of VS Code. */

/** A memory as it stands in a list. */
export interface Brief {
  readonly id: string;
  readonly title: string;
  readonly memoryType: string;
  readonly summary: string;
  readonly verdict: string | undefined;
  readonly supersededBy: string | undefined;
  readonly personal: boolean;
}

/** What the memories of an open file are. */
export interface FileSummary {
  readonly uri: string;
  readonly memories: readonly Brief[];
  readonly stale: number;
  /** In a few words: `3 memories · 1 stale`. Empty where there is none. */
  readonly title: string;
}

/** An answer is not what it should be: one of the two sides is too old. */
export class ReplyError extends Error {
  constructor(what: string) {
    super(`recall lsp answered without ${what}: this extension and recalld are of versions that do not fit`);
  }
}

/** The memories that `recall.search` found. */
export function searchResults(reply: unknown): Brief[] {
  return briefs(fields(reply, "results").results, "results");
}

/** The notification `recall/file`. */
export function fileSummary(told: unknown): FileSummary {
  const given = fields(told, "a summary");
  const { stale } = given;
  if (typeof stale !== "number") throw new ReplyError("stale");
  return { uri: text(given, "uri"), memories: briefs(given.memories, "memories"), stale, title: text(given, "title") };
}

/** The argument of the action by which something can be remembered at a place, which says what the place is. */
export function placeToRemember(actions: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(actions)) return undefined;
  for (const action of actions as unknown[]) {
    const command = isRecord(action) ? action.command : undefined;
    if (!isRecord(command) || command.command !== "recall.remember") continue;
    const [argument] = Array.isArray(command.arguments) ? (command.arguments as unknown[]) : [];
    if (isRecord(argument)) return argument;
  }
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function briefs(value: unknown, what: string): Brief[] {
  if (!Array.isArray(value)) throw new ReplyError(what);
  return value.map(brief);
}

function brief(value: unknown): Brief {
  const given = fields(value, "a memory");
  return {
    id: text(given, "id"),
    title: text(given, "title"),
    memoryType: text(given, "memory_type"),
    summary: given.summary === undefined ? "" : text(given, "summary"),
    verdict: optional(given, "verdict"),
    supersededBy: optional(given, "superseded_by"),
    personal: given.personal === true,
  };
}

function fields(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw new ReplyError(what);
  return value;
}

function text(given: Record<string, unknown>, name: string): string {
  const value = given[name];
  if (typeof value !== "string") throw new ReplyError(name);
  return value;
}

function optional(given: Record<string, unknown>, name: string): string | undefined {
  return given[name] === null || given[name] === undefined ? undefined : text(given, name);
}
