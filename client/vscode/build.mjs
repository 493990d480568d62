// Bundles the extension into out/, with the licences of what it is bundled from; with --tests, the tests instead.

import { build } from "esbuild";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const shared = { bundle: true, platform: "node", target: "node20", format: "cjs", logLevel: "warning" };

if (process.argv.includes("--tests")) {
  rmSync("out/test", { recursive: true, force: true });
  const tests = readdirSync("test").filter((name) => name.endsWith(".test.ts"));
  await build({ ...shared, entryPoints: tests.map((name) => join("test", name)), outdir: "out/test", packages: "external" });
} else {
  const entry = { entryPoints: ["src/extension.ts"], outfile: "out/extension.js", external: ["vscode"] };
  const { metafile } = await build({ ...shared, ...entry, minify: true, legalComments: "none", metafile: true });
  writeFileSync("out/LICENSES.txt", licences(Object.keys(metafile.inputs)));
}

// The licence of each package that files were taken from.
function licences(files) {
  const folders = new Set(files.map((file) => file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  const texts = [...folders].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((each) => /^licen[sc]e/i.test(each));
    if (!file) throw new Error(`${name} has no licence in ${folder}`);
    return `${name} ${version}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
  });
  return ["This extension contains the following packages.\n", ...texts].join(`\n${"-".repeat(80)}\n\n`);
}
