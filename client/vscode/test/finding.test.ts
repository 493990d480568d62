import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { findCommand, howToGetIt, type Surroundings } from "../src/finding";

const AROUND: Surroundings = { setting: "", folders: ["/home/me/shop", "/home/me/lib"], path: "/usr/bin:/opt/bin", home: "/home/me" };

/** What is found where these files alone can be executed. */
function found(around: Partial<Surroundings>, ...files: string[]): Promise<string | undefined> {
  return findCommand({ ...AROUND, ...around }, (file) => Promise.resolve(files.includes(file)));
}

test("the first on the PATH is taken", async () => {
  const files = ["/opt/bin/recall", "/usr/bin/recall", "/home/me/shop/.venv/bin/recall"];
  assert.equal(await found({}, ...files), "/usr/bin/recall");
});

test("the virtual environments of the folders come after the PATH, in the folders' order", async () => {
  assert.equal(await found({}, "/home/me/lib/.venv/bin/recall", "/home/me/shop/venv/bin/recall"), "/home/me/shop/venv/bin/recall");
  assert.equal(await found({}, "/home/me/lib/.venv/bin/recall"), "/home/me/lib/.venv/bin/recall");
});

test("where the README and installers put it is looked at last", async () => {
  assert.equal(await found({}, "/home/me/.venvs/recalld/bin/recall"), "/home/me/.venvs/recalld/bin/recall");
  assert.equal(await found({}, "/home/me/.local/bin/recall"), "/home/me/.local/bin/recall");
});

test("a relative folder on the PATH, such as the current one, is left out", async () => {
  assert.equal(await found({ path: ".::bin" }, "recall", "./recall", "bin/recall"), undefined);
});

test("what is set is meant, and nothing else is tried", async () => {
  assert.equal(await found({ setting: "/x/recall" }, "/x/recall", "/usr/bin/recall"), "/x/recall");
  assert.equal(await found({ setting: "/x/recall" }, "/usr/bin/recall"), undefined);
  assert.equal(await found({ setting: " ~/bin/recall " }, "/home/me/bin/recall"), "/home/me/bin/recall");
  assert.equal(await found({ setting: "my-recall" }, "/opt/bin/my-recall"), "/opt/bin/my-recall");
  assert.equal(await found({ setting: "${workspaceFolder}/env/recall" }, "/home/me/lib/env/recall"), "/home/me/lib/env/recall");
});

test("what to do is said by what was looked for", () => {
  assert.match(howToGetIt(AROUND), /^The command “recall” was not found .* Install recalld, or .*“recalld.command”\.$/);
  assert.match(howToGetIt({ ...AROUND, setting: "/x/recall" }), /does not exist or cannot be run: \/x\/recall$/);
});

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "recalld-finding-"));
});
after(() => rm(folder, { recursive: true }));

test("on the disk, a file that can be executed is found, and a folder or another file is not", async () => {
  const around = { ...AROUND, folders: [], home: folder, path: ["a", "b", "c", "d"].map((each) => join(folder, each)).join(":") };
  await mkdir(join(folder, "a", "recall"), { recursive: true });
  await mkdir(join(folder, "b"));
  await writeFile(join(folder, "b", "recall"), "");
  await mkdir(join(folder, "c"));
  assert.equal(await findCommand(around), undefined);
  await writeFile(join(folder, "c", "recall"), "#!/bin/sh\n");
  await chmod(join(folder, "c", "recall"), 0o755);
  assert.equal(await findCommand(around), join(folder, "c", "recall"));
});
