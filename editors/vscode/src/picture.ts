// The picture of a spec beside its text, drawn again after each change. It is an image: nothing in it can run.

import * as vscode from "vscode";

const DELAY = 150;

export class Picture implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private document: vscode.TextDocument | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ask: (uri: vscode.Uri) => Promise<string | undefined>) {}

  async show(editor: vscode.TextEditor | undefined): Promise<void> {
    if (editor === undefined) {
      return;
    }
    this.document = editor.document;
    if (this.panel === undefined) {
      this.panel = vscode.window.createWebviewPanel("cnnlstm-spec", "Picture", vscode.ViewColumn.Beside, {
        enableScripts: false,
        localResourceRoots: [],
      });
      this.panel.onDidDispose(() => {
        this.panel = undefined;
      });
    }
    await this.draw();
  }

  changed(document: vscode.TextDocument): void {
    if (this.panel === undefined || document !== this.document) {
      return;
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.draw(), DELAY);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.panel?.dispose();
  }

  private async draw(): Promise<void> {
    if (this.panel === undefined || this.document === undefined) {
      return;
    }
    let svg: string | undefined;
    try {
      svg = await this.ask(this.document.uri);
    } catch {
      // A newer change has overtaken it; that one draws again.
      return;
    }
    if (this.panel !== undefined && svg !== undefined) {
      this.panel.webview.html = page(svg);
    }
  }
}

function page(svg: string): string {
  const image = Buffer.from(svg, "utf-8").toString("base64");
  return `<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>body { background: white; } img { max-width: 100%; }</style>
</head>
<body><img alt="The model" src="data:image/svg+xml;base64,${image}"></body>
</html>`;
}
