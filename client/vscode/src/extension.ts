/** Memories beside the code. What is shown comes from `recall lsp`; here are the commands, a search and the status bar. */

import * as vscode from "vscode";

import { status, TYPES } from "./picks";
import type { FileSummary } from "./replies";
import { chooseFrom, searchAndChoose } from "./search";
import { type Arguments, Server } from "./server";

/** The text that a command of the server asks for where it comes without one. */
const PROMPTS: Record<string, string> = {
  "recall.remember": "What is to be remembered?",
  "recall.edit": "What does the memory say from now on?",
  "recall.supersede": "What holds in its place?",
};

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const server: Server = new Server(context.extension.id, context.globalState, (command, argument) =>
    runWithText(server, command, argument),
  );
  const summaries = new Map<string, FileSummary>();
  const bar = vscode.window.createStatusBarItem("recalld.file", vscode.StatusBarAlignment.Right, 90);
  bar.name = "recalld";
  bar.command = "recalld.show";
  const refresh = () => {
    showStatus(bar, summaries.get(fileInFront() ?? ""));
  };

  context.subscriptions.push(
    server,
    bar,
    server.onFile((summary) => {
      summaries.set(summary.uri, summary);
      refresh();
    }),
    server.onStart(() => {
      summaries.clear();
      refresh();
    }),
    vscode.window.onDidChangeActiveTextEditor(refresh),
    vscode.workspace.onDidCloseTextDocument((document) => summaries.delete(document.uri.toString())),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("recalld.command")) void server.restart();
      if (change.affectsConfiguration("recalld.statusBar")) refresh();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      if (!server.runs) void server.restart(); // a new folder may have the command
    }),
    vscode.commands.registerCommand("recalld.search", async () => {
      const id = await searchAndChoose(server, about());
      if (id !== undefined) await run(server, "recall.show", { ...about(), ids: [id] });
    }),
    vscode.commands.registerCommand("recalld.remember", () => remember(server)),
    vscode.commands.registerCommand("recalld.explore", async () => {
      const query = await vscode.window.showInputBox({ prompt: "What belongs to …?", value: selectedWords() });
      if (query?.trim()) await run(server, "recall.explore", { ...about(), query });
    }),
    vscode.commands.registerCommand("recalld.audit", () => run(server, "recall.audit", about())),
    vscode.commands.registerCommand("recalld.show", async () => {
      const summary = summaries.get(fileInFront() ?? "");
      if (!summary?.memories.length) {
        void vscode.window.showInformationMessage("recalld: the file in front has no memories.");
        return;
      }
      const id = await chooseFrom(summary.title, summary.memories);
      if (id !== undefined) await run(server, "recall.show", { uri: summary.uri, ids: [id] });
    }),
    vscode.commands.registerCommand("recalld.restart", () => server.restart()),
  );
  await server.restart();
}

/** Run a command of the server; what it refuses is said. */
async function run(server: Server, command: string, argument: Arguments): Promise<unknown> {
  try {
    const answer = await server.ask(command, argument);
    if (answer === null) throw new Error("the daemon does not answer; `recall status` in a terminal says more");
    return answer;
  } catch (error) {
    void vscode.window.showWarningMessage(`recalld: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Run a command that was chosen in the code; a text that it lacks is asked for. */
async function runWithText(server: Server, command: string, argument: Arguments): Promise<unknown> {
  const prompt = PROMPTS[command];
  if (prompt === undefined || argument.text !== undefined) return run(server, command, argument);
  const text = await vscode.window.showInputBox({ prompt });
  return text?.trim() ? run(server, command, { ...argument, text }) : undefined;
}

/** Remember something about the selection, or the symbol or file that the cursor is in. */
async function remember(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const inFile = editor?.document.uri.scheme === "file" && server.runs;
  const place = inFile ? await server.place(editor.document, editor.selection) : {};
  const type = await vscode.window.showQuickPick(TYPES, { placeHolder: "As what?" });
  if (!type) return;
  // The comment or selection, where it fits into one line.
  const value = typeof place.text === "string" && !place.text.includes("\n") ? place.text : "";
  const text = await vscode.window.showInputBox({ prompt: PROMPTS["recall.remember"] ?? "", value });
  if (text?.trim()) await run(server, "recall.remember", { ...place, text, memory_type: type });
}

function showStatus(bar: vscode.StatusBarItem, summary: FileSummary | undefined): void {
  const wanted = vscode.workspace.getConfiguration("recalld").get<boolean>("statusBar", true);
  const shown = wanted ? status(summary) : undefined;
  if (!shown) {
    bar.hide();
    return;
  }
  bar.text = shown.text;
  bar.tooltip = shown.tooltip;
  bar.backgroundColor = shown.stale ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  bar.show();
}

/** The file that is meant where none is named. */
function about(): Arguments {
  const uri = fileInFront();
  return uri === undefined ? {} : { uri };
}

function fileInFront(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri?.scheme === "file" ? uri.toString() : undefined;
}

function selectedWords(): string {
  const editor = vscode.window.activeTextEditor;
  return editor?.selection.isSingleLine ? editor.document.getText(editor.selection) : "";
}
