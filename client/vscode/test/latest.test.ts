import assert from "node:assert/strict";
import { test } from "node:test";

import { Latest } from "../src/latest";

test("only the latest of what is typed is asked, and only its answer counts", async () => {
  const asked: string[] = [];
  const latest = new Latest((question: string) => {
    asked.push(question);
    return Promise.resolve(question.toUpperCase());
  }, 1);
  assert.deepEqual(await Promise.all([latest.to("r"), latest.to("ro"), latest.to("round")]), [undefined, undefined, "ROUND"]);
  assert.deepEqual(asked, ["round"]);
});

test("what is under way is cancelled by the next, whether it then answers or fails", async () => {
  const answers: { signal: AbortSignal; resolve: (answer: string) => void; reject: (error: Error) => void }[] = [];
  let begun = (): void => undefined;
  const latest = new Latest(
    (_: string, signal) =>
      new Promise<string>((resolve, reject) => {
        answers.push({ signal, resolve, reject });
        begun();
      }),
    0,
  );
  const ask = async (question: string) => {
    const isAsked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const answer = latest.to(question);
    await isAsked;
    return { answer };
  };
  const asked = [await ask("r"), await ask("ro"), await ask("round")];
  answers[0]?.resolve("late");
  answers[1]?.reject(new Error("cancelled"));
  answers[2]?.resolve("now");
  assert.deepEqual(await Promise.all(asked.map(({ answer }) => answer)), [undefined, undefined, "now"]);
  assert.deepEqual(answers.map(({ signal }) => signal.aborted), [true, true, false]);
});

test("after a cancel nothing is asked", async () => {
  const latest = new Latest<string, string>(() => Promise.reject(new Error("asked")), 0);
  const answer = latest.to("x");
  latest.cancel();
  assert.equal(await answer, undefined);
});

test("a refusal of the latest is said", async () => {
  const latest = new Latest<string, string>(() => Promise.reject(new Error("refused")), 0);
  await assert.rejects(latest.to("x"), /refused/);
});
