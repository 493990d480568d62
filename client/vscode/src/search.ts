/** Choosing from memories. */

import * as vscode from "vscode";

import { Latest } from "./latest";
import { type Pick, pick, plain } from "./picks";
import { type Brief, searchResults } from "./replies";
import type { Arguments, Server } from "./server";

const PAUSE_MS = 150;
const LIMIT = 30;

/** Search while somebody types; the id of the memory that was chosen. */
export async function searchAndChoose(server: Server, about: Arguments): Promise<string | undefined> {
  const asked = new Latest((query: string, signal) => search(server, { ...about, query, limit: LIMIT }, signal), PAUSE_MS);
  return choose("What do you want to know?", (box) => {
    box.onDidHide(() => {
      asked.cancel();
    });
    box.onDidChangeValue(async (value) => {
      const query = value.trim();
      if (!query) {
        asked.cancel();
        box.items = [];
        box.busy = false;
        return;
      }
      box.busy = true;
      try {
        const found = await asked.to(query);
        if (!found) return; // something else is asked for by now
        show(box, found, "Nothing answers that.");
      } catch (error) {
        say(box, error instanceof Error ? error.message : String(error));
      }
      box.busy = false;
    });
  });
}

/** Have one of some memories chosen; its id. */
export async function chooseFrom(title: string, memories: readonly Brief[]): Promise<string | undefined> {
  return choose(title, (box) => {
    box.matchOnDescription = box.matchOnDetail = true;
    // Here the letters that are typed do choose.
    box.items = memories.map((brief) => ({ ...pick(brief), alwaysShow: false }));
  });
}

type Item = vscode.QuickPickItem & { readonly id?: string };

function choose(
  placeholder: string,
  fill: (box: vscode.QuickPick<Item>) => void,
): Promise<string | undefined> {
  const box = vscode.window.createQuickPick<Item>();
  box.placeholder = placeholder;
  fill(box);
  return new Promise((resolve) => {
    box.onDidAccept(() => {
      const id = box.selectedItems[0]?.id;
      if (id === undefined) return;
      resolve(id);
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

function show(box: vscode.QuickPick<Item>, found: readonly Pick[], nothing: string): void {
  if (found.length > 0) box.items = found;
  else say(box, nothing);
}

function say(box: vscode.QuickPick<Item>, message: string): void {
  box.items = [{ label: plain(message), alwaysShow: true }];
}

async function search(server: Server, argument: Arguments, signal: AbortSignal): Promise<Pick[]> {
  const cancelling = new vscode.CancellationTokenSource();
  signal.addEventListener("abort", () => {
    cancelling.cancel();
  });
  const answer = await server.ask("recall.search", { ...argument, open: false }, cancelling.token);
  if (answer === null) throw new Error("The daemon does not answer.");
  return searchResults(answer).map(pick);
}
