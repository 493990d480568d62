import assert from "node:assert/strict";
import { test } from "node:test";

import { fileSummary, placeToRemember, ReplyError, searchResults } from "../src/replies";

const BRIEF = { id: "mem-1", title: "T", memory_type: "decision", importance_score: 0.7, verdict: null, superseded_by: null };

test("what was found is read, and what is not known is left alone", () => {
  const read = searchResults({ results: [{ ...BRIEF, summary: "S", verdict: "changed", new_field: [1] }], warnings: [] });
  const rest = { supersededBy: undefined, personal: false };
  assert.deepEqual(read, [{ id: "mem-1", title: "T", memoryType: "decision", summary: "S", verdict: "changed", ...rest }]);
});

test("a summary of a file is read", () => {
  const read = fileSummary({ uri: "file:///a", memories: [BRIEF], stale: 0, title: "1 memory" });
  assert.deepEqual([read.uri, read.memories.length, read.memories[0]?.verdict], ["file:///a", 1, undefined]);
});

test("what does not fit is refused by the name of what is missing", () => {
  const wrong: [unknown, RegExp][] = [
    [null, /without results/],
    [{ results: 7 }, /without results/],
    [{ results: [7] }, /without a memory/],
    [{ results: [{ ...BRIEF, title: 7 }] }, /without title/],
    [{ results: [{ ...BRIEF, memory_type: undefined }] }, /without memory_type/],
    [{ results: [{ ...BRIEF, verdict: 7 }] }, /without verdict/],
  ];
  for (const [reply, said] of wrong) {
    assert.throws(() => searchResults(reply), (error) => error instanceof ReplyError && said.test(error.message));
  }
  assert.throws(() => fileSummary({ uri: "file:///a", memories: [], title: "" }), /without stale/);
});

test("the place to remember something at is that of the action that offers it", () => {
  const place = { uri: "file:///a.py", symbol: "Order.total" };
  const offered = [
    { title: "Show", command: { command: "recall.show", arguments: [{}] } },
    { title: "Remember", command: { command: "recall.remember", arguments: [place] } },
  ];
  assert.deepEqual(placeToRemember(offered), place);
  for (const nothing of [null, 7, [], [7], [{ command: "recall.remember" }], [{ command: { command: "recall.remember" } }]]) {
    assert.equal(placeToRemember(nothing), undefined);
  }
});
