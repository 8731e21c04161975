// Starts the language server, and shows the picture beside the text. All that is known of specs is in the server.

import * as vscode from "vscode";
import { LanguageClient, LanguageClientOptions, ServerOptions } from "vscode-languageclient/node";
import { Picture } from "./picture";

const NAME = "cnnlstm-spec";

let client: LanguageClient | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const picture = new Picture((uri) => askForPicture(uri));
  context.subscriptions.push(
    vscode.commands.registerCommand(`${NAME}.picture`, () => picture.show(vscode.window.activeTextEditor)),
    vscode.commands.registerCommand(`${NAME}.restart`, restart),
    vscode.workspace.onDidChangeTextDocument((event) => picture.changed(event.document)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(NAME)) {
        void restart();
      }
    }),
    picture,
  );
  await start();
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

async function restart(): Promise<void> {
  await client?.stop();
  client = undefined;
  await start();
}

async function start(): Promise<void> {
  const [command, ...given] = own<string[]>("program", [NAME]);
  if (command === undefined) {
    return;
  }
  const server: ServerOptions = { command, args: [...given, "lsp"] };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "yaml" }],
    initializationOptions: {
      allowImports: own<boolean>("allowImports", false),
      allowOutside: own<boolean>("allowOutside", false),
      showParameters: vscode.workspace.getConfiguration(NAME).get<boolean>("showParameters", false),
    },
  };
  const starting = new LanguageClient(NAME, NAME, server, options);
  try {
    await starting.start();
    client = starting;
  } catch (error) {
    const way = `Set "${NAME}.program" in your settings to where it is installed.`;
    void vscode.window.showErrorMessage(`${command} cannot be started: ${String(error)}. ${way}`);
  }
}

/** A setting of the person, whatever the folder that is open says. */
function own<T>(name: string, otherwise: T): T {
  const found = vscode.workspace.getConfiguration(NAME).inspect<T>(name);
  return found?.globalValue ?? found?.defaultValue ?? otherwise;
}

async function askForPicture(uri: vscode.Uri): Promise<string | undefined> {
  const answer = await client?.sendRequest<{ svg: string } | null>("cnnlstm-spec/picture", {
    textDocument: { uri: uri.toString() },
  });
  return answer?.svg;
}
