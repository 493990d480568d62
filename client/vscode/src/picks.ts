/** Memories as lines to choose from, and as a word in the status bar. Knows nothing of VS Code. */

import type { Brief, FileSummary } from "./replies";

export interface Pick {
  readonly label: string;
  readonly description: string;
  readonly detail?: string;
  readonly id: string;
  /** What was found is shown, whether or not it has the letters that were typed. */
  readonly alwaysShow: true;
}

export interface Status {
  readonly text: string;
  readonly tooltip: string;
  readonly stale: boolean;
}

/** As what a text can be remembered. */
export const TYPES = [
  "decision",
  "pattern",
  "convention",
  "architecture",
  "debugging",
  "bug_fix",
  "dependency",
  "configuration",
  "performance",
  "security",
  "preference",
  "reference",
  "learning",
  "general",
] as const;

/** Verdicts of memories that no longer agree with the code. */
const STALE: ReadonlySet<string> = new Set(["missing", "ambiguous", "changed", "moved+changed"]);

/** A memory as a line to choose. */
export function pick(brief: Brief): Pick {
  const stale = isStale(brief);
  const about = [
    brief.memoryType,
    ...(stale ? [brief.verdict ?? ""] : []),
    ...(brief.supersededBy === undefined ? [] : ["superseded"]),
    ...(brief.personal ? ["personal"] : []),
  ];
  const detail = plain(brief.summary);
  return {
    label: (stale ? "$(warning) " : "") + plain(brief.title),
    description: about.join(" · "),
    ...(detail && detail !== plain(brief.title) ? { detail } : {}),
    id: brief.id,
    alwaysShow: true,
  };
}

/** What the status bar says of a file; nothing where it has no memories. */
export function status(summary: FileSummary | undefined): Status | undefined {
  if (!summary || summary.memories.length === 0) return undefined;
  const titles = summary.memories.slice(0, 10).map((brief) => `${isStale(brief) ? "⚠ " : ""}${oneLine(brief.title)}`);
  const more = summary.memories.length - titles.length;
  return {
    text: `$(bookmark) ${plain(summary.title)}`,
    tooltip: [...titles, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    stale: summary.stale > 0,
  };
}

/** A text of a memory as one line in which nothing is an icon: VS Code makes pictures of `$(name)`. */
export function plain(text: string): string {
  return oneLine(text).replace(/\$\(/g, "\\$(");
}

/** In one line, and without characters that are not to be seen or turn the order of others around. */
function oneLine(text: string): string {
  return text
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu, "\ufffd")
    .trim();
}

function isStale({ verdict }: Brief): boolean {
  return verdict !== undefined && STALE.has(verdict);
}
