/** The messages that VS Code's language client sends, sent to `recall lsp` and a daemon of its own. */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import {
  CodeActionRequest,
  CodeLensRequest,
  createProtocolConnection,
  DidChangeTextDocumentNotification,
  DidOpenTextDocumentNotification,
  ExecuteCommandRequest,
  ExitNotification,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type MarkupContent,
  ShowDocumentRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocumentContentRefreshRequest,
  TextDocumentContentRequest,
} from "vscode-languageserver-protocol/node";

import { findCommand } from "../src/finding";
import { pick, status } from "../src/picks";
import { type FileSummary, fileSummary, placeToRemember, searchResults } from "../src/replies";

const CODE = `class Order:
    def total(self, lines):
        return round(sum(lines), 2)
`;
const TOTAL_LINE = 1;

const folder = mkdtempSync(join(tmpdir(), "recalld-vscode-"));
const environment = { ...process.env, RECALLD_HOME: join(folder, "home") };
let command: string | undefined;
let server: ChildProcess | undefined;

// Named by RECALL_COMMAND, or found as the extension finds it.
before(async () => {
  const setting = process.env.RECALL_COMMAND ?? "";
  command = await findCommand({ setting, folders: [], path: process.env.PATH ?? "", home: homedir() });
});
after(() => {
  server?.kill();
  if (server && command) execFileSync(command, ["down"], { env: environment, stdio: "ignore" });
  rmSync(folder, { recursive: true });
});

test("a memory is stored, shown, found, becomes stale and is opened, by the client's own messages", async (context) => {
  if (command === undefined) {
    context.skip("there is no `recall`: set RECALL_COMMAND to its path");
    return;
  }
  const file = join(folder, "orders.py");
  const uri = pathToFileURL(file).href;
  writeFileSync(file, CODE);
  execFileSync("git", ["init", "-q", folder]);
  const started = spawn(command, ["lsp"], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
  server = started;
  const client = createProtocolConnection(new StreamMessageReader(started.stdout), new StreamMessageWriter(started.stdin));
  const summaries = new News<FileSummary>();
  client.onNotification("recall/file", (told: unknown) => {
    summaries.tell(fileSummary(told));
  });
  const opened = new News<string>();
  client.onRequest(ShowDocumentRequest.type, ({ uri }) => {
    opened.tell(uri);
    return { success: true };
  });
  client.onRequest(TextDocumentContentRefreshRequest.type, () => undefined);
  client.listen();

  const { capabilities } = await client.sendRequest(InitializeRequest.type, {
    processId: process.pid,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its type demands it
    rootUri: null,
    workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "shop" }],
    capabilities: {
      window: { showDocument: { support: true } },
      workspace: { textDocumentContent: { dynamicRegistration: true } },
    },
    initializationOptions: { prompts: true, summaries: true },
  });
  assert.deepEqual(capabilities.workspace?.textDocumentContent, { schemes: ["recall"] });
  await client.sendNotification(InitializedNotification.type, {});
  const textDocument = { uri, languageId: "python", version: 1, text: CODE };
  await client.sendNotification(DidOpenTextDocumentNotification.type, { textDocument });
  await summaries.next(() => true); // then the server knows the file's symbols
  const at = { line: TOTAL_LINE, character: 9 };

  const range = { start: at, end: at };
  const actions = await client.sendRequest(CodeActionRequest.type, { textDocument, range, context: { diagnostics: [] } });
  const place = placeToRemember(actions);
  assert.deepEqual(place, { uri, symbol: "Order.total" });
  const run = (name: string, argument: object) =>
    client.sendRequest(ExecuteCommandRequest.type, { command: name, arguments: [argument] }) as Promise<unknown>;
  await run("recall.remember", { ...place, text: "Totals are rounded once, at the end.", memory_type: "decision" });

  const [memory] = (await summaries.next(({ title }) => title === "1 memory")).memories;
  assert.ok(memory);
  const [lens] = (await client.sendRequest(CodeLensRequest.type, { textDocument })) ?? [];
  assert.deepEqual([lens?.range.start.line, lens?.command?.title], [TOTAL_LINE, "1 memory"]);
  const hover = await client.sendRequest(HoverRequest.type, { textDocument, position: at });
  assert.match((hover?.contents as MarkupContent).value, new RegExp(`recall://memory/${memory.id}`));
  const found = searchResults(await run("recall.search", { uri, query: "where do we round totals", open: false }));
  assert.deepEqual(found.map(pick).map(({ id, description }) => [id, description]), [[memory.id, "decision"]]);

  const changed = CODE.replace("round(sum(lines), 2)", "sum(lines)");
  const version = { uri, version: 2 };
  await client.sendNotification(DidChangeTextDocumentNotification.type, {
    textDocument: version,
    contentChanges: [{ text: changed }],
  });
  const stale = await summaries.next((summary) => summary.stale === 1);
  assert.equal(status(stale)?.text, "$(bookmark) 1 memory · 1 stale");

  await run("recall.show", { uri, ids: [memory.id] });
  const page = await opened.next((each) => each.startsWith("recall:"));
  const { text } = await client.sendRequest(TextDocumentContentRequest.type, { uri: page });
  assert.match(text, /^# Totals are rounded once, at the end\n/);
  await assert.rejects(run("recall.verify", { uri, id: "mem-000000000000" }), { code: -32803 });

  await client.sendRequest(ShutdownRequest.type);
  const gone = once(started, "exit");
  await client.sendNotification(ExitNotification.type);
  assert.equal((await gone)[0], 0);
});

/** What is told from time to time, for whoever waits for some of it. */
class News<T> {
  private readonly told: T[] = [];
  private waiting: (() => void) | undefined;

  tell(news: T): void {
    this.told.push(news);
    this.waiting?.();
  }

  /** The first that fits, of what nobody took so far. */
  async next(fits: (news: T) => boolean): Promise<T> {
    for (;;) {
      const news = this.told.shift();
      if (news === undefined) {
        await new Promise<void>((resolve) => {
          this.waiting = resolve;
        });
      } else if (fits(news)) {
        return news;
      }
    }
  }
}
