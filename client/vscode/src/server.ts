/** `recall lsp`: started, asked, and started again. */

import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type CancellationToken,
  CloseAction,
  CodeActionRequest,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
} from "vscode-languageclient/node";

import { findCommand, howToGetIt, type Surroundings } from "./finding";
import { type FileSummary, fileSummary, placeToRemember } from "./replies";

export type Arguments = Record<string, unknown>;
const SHOW_ID = encodeURIComponent('[{"ids":["{id}"]}]').replace("%7Bid%7D", "{id}");
const TOLD = "toldThatMissing";

/** The language server of this window. */
export class Server implements vscode.Disposable {
  /** Summaries of open files, as they are told. */
  readonly onFile: vscode.Event<FileSummary>;
  /** The server is started, perhaps anew: what one told before is no longer so. */
  readonly onStart: vscode.Event<void>;
  private readonly files = new vscode.EventEmitter<FileSummary>();
  private readonly starts = new vscode.EventEmitter<void>();
  private readonly output = vscode.window.createOutputChannel("recalld", { log: true });
  private client: LanguageClient | undefined;
  private changing: Promise<void> = Promise.resolve();

  /**
   * @param extension the id of this extension, whose page says how to install the command.
   * @param memento remembers that a missing command was told of.
   * @param chosen runs a command that the person chose from what the server shows.
   */
  constructor(
    private readonly extension: string,
    private readonly memento: vscode.Memento,
    private readonly chosen: (command: string, argument: Arguments) => Promise<unknown>,
  ) {
    this.onFile = this.files.event;
    this.onStart = this.starts.event;
  }

  get runs(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** Start, or start anew; one such change at a time. */
  restart(): Promise<void> {
    this.changing = this.changing.then(async () => {
      await this.stop();
      this.starts.fire();
      await this.start();
    });
    return this.changing;
  }

  /**
   * Run a command of the server.
   *
   * @returns its answer; null where no daemon answers.
   * @throws what it refused, or that no server runs.
   */
  async ask(command: string, argument: Arguments, token?: CancellationToken): Promise<unknown> {
    const client = this.running();
    const params = { command, arguments: [argument] };
    return (await client.sendRequest(ExecuteCommandRequest.type, params, token)) as unknown;
  }

  /** What `recall.remember` is to be given for a selection: the symbol, lines or file that it is in. */
  async place(document: vscode.TextDocument, selection: vscode.Selection): Promise<Arguments> {
    const client = this.running();
    const found = await client.sendRequest(CodeActionRequest.type, {
      textDocument: client.code2ProtocolConverter.asTextDocumentIdentifier(document),
      range: client.code2ProtocolConverter.asRange(selection),
      context: { diagnostics: [] },
    });
    return placeToRemember(found) ?? { uri: document.uri.toString() };
  }

  dispose(): void {
    void this.changing.then(() => this.stop()).finally(() => {
      this.output.dispose();
    });
    this.files.dispose();
    this.starts.dispose();
  }

  private running(): LanguageClient {
    if (!this.client?.isRunning()) throw new Error("the server does not run; “recalld: Restart” starts it");
    return this.client;
  }

  private async start(): Promise<void> {
    const around = surroundings();
    const command = await findCommand(around);
    if (command === undefined) {
      this.output.warn(howToGetIt(around));
      await this.tellOnce(howToGetIt(around));
      return;
    }
    await this.memento.update(TOLD, undefined);
    this.output.info(`starting ${command} lsp`);
    const hasStarted = () => this.client === client;
    // What goes wrong while it starts is said once, by the client; afterwards it is started again, within reason.
    const client: LanguageClient = new LanguageClient("recalld", "recalld", { command, args: ["lsp"] }, {
      ...this.options(),
      errorHandler: {
        error: (...given) => (hasStarted() ? usual.error(...given) : { action: ErrorAction.Continue, handled: true }),
        closed: () => (hasStarted() ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true }),
      },
    });
    const usual = client.createDefaultErrorHandler();
    client.onNotification("recall/file", (told: unknown) => {
      this.files.fire(fileSummary(told));
    });
    try {
      await client.start();
      this.client = client;
    } catch (error) {
      this.output.error(String(error)); // the client has said so, and offers to show the log
    }
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.output.warn(String(error)); // it was being restarted, or did not answer: the client ends its process then
    }
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false, // it is said once, by what follows from it
      initializationOptions: {
        prompts: true,
        summaries: true,
        // In hovers VS Code follows links to the web, to files, and to commands where it is told so ...
        memoryUri: `command:recall.show?${SHOW_ID}`,
        // ... and in previews of Markdown to the web and to what has no scheme.
        relativeLinks: true,
      },
      markdown: { isTrusted: { enabledCommands: ["recall.show"] } },
      middleware: {
        executeCommand: (command, given: unknown[]) => this.chosen(command, (given[0] ?? {}) as Arguments),
        window: {
          // A page of ours is shown by whatever is associated with it, not as text.
          showDocument: async (params, token, next) => {
            const uri = vscode.Uri.parse(params.uri);
            if (uri.scheme !== "recall") return next(params, token);
            await vscode.commands.executeCommand("vscode.open", uri);
            return { success: true };
          },
        },
      },
    };
  }

  /** Say that the command is missing; once, until it was there. */
  private async tellOnce(message: string): Promise<void> {
    if (this.memento.get(TOLD) === true) return;
    await this.memento.update(TOLD, true);
    void vscode.window.showWarningMessage(`recalld: ${message}`, "Open Settings", "How to Install").then((chosen) => {
      if (chosen === "Open Settings") {
        return vscode.commands.executeCommand("workbench.action.openSettings", "recalld.command");
      }
      return chosen && vscode.commands.executeCommand("extension.open", this.extension);
    });
  }
}

function surroundings(): Surroundings {
  return {
    setting: vscode.workspace.getConfiguration("recalld").get("command", ""),
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    path: process.env.PATH ?? "",
    home: homedir(),
  };
}
