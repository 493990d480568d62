import assert from "node:assert/strict";
import { test } from "node:test";

import { pick, plain, status } from "../src/picks";
import type { Brief } from "../src/replies";

function brief(given: Partial<Brief> = {}): Brief {
  return {
    id: "mem-0123456789ab",
    title: "Totals are rounded once",
    memoryType: "decision",
    summary: "Rounding each line loses cents.",
    verdict: "current",
    supersededBy: undefined,
    personal: false,
    ...given,
  };
}

test("a memory is shown with its title, its type and the sentence that answers", () => {
  assert.deepEqual(pick(brief()), {
    label: "Totals are rounded once",
    description: "decision",
    detail: "Rounding each line loses cents.",
    id: "mem-0123456789ab",
    alwaysShow: true,
  });
});

test("a sentence that is the title is not said twice", () => {
  assert.equal("detail" in pick(brief({ summary: "Totals are  rounded once" })), false);
});

test("what a memory is beside says so", () => {
  const shown = pick(brief({ verdict: "moved+changed", supersededBy: "mem-1", personal: true }));
  assert.equal(shown.label, "$(warning) Totals are rounded once");
  assert.equal(shown.description, "decision · moved+changed · superseded · personal");
});

test("code that only moved, or none at all, is nothing to warn of", () => {
  for (const verdict of ["current", "moved", undefined]) {
    assert.equal(pick(brief({ verdict })).description, "decision");
  }
});

test("a memory's text is one line, brings no icons, and hides nothing", () => {
  assert.equal(plain("Use\n $(trash)\tonly"), "Use \\$(trash) only");
  assert.equal(plain("a\u202eb\u0000c\u2066d"), "a\ufffdb\ufffdc\ufffdd");
});

test("the status bar says what a file's memories are, and is silent without", () => {
  const two = { uri: "file:///a.py", memories: [brief(), brief({ title: "Gone", verdict: "missing" })], stale: 1 };
  assert.deepEqual(status({ ...two, title: "2 memories · 1 stale" }), {
    text: "$(bookmark) 2 memories · 1 stale",
    tooltip: "Totals are rounded once\n⚠ Gone",
    stale: true,
  });
  assert.equal(status(undefined), undefined);
  assert.equal(status({ uri: "file:///a.py", memories: [], stale: 0, title: "" }), undefined);
});

test("the status bar's tip does not grow without an end", () => {
  const many = { uri: "file:///a.py", memories: Array.from({ length: 42 }, () => brief()), stale: 0, title: "42 memories" };
  const lines = status(many)?.tooltip.split("\n");
  assert.deepEqual([lines?.length, lines?.at(-1)], [11, "and 32 more"]);
});
