// The repository's sources as the tidy test sees them: parsed, with what each file imports.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
// TypeScript 7 has no compiler API; this is the 5.9 that is kept for vue-tsc.
import ts from "typescript-for-vue";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Import {
  /** path from the root of the repository for a relative import ("service/src/db.ts"), else the package or node:… name */
  target: string;
  /** the name of the package, without a path inside it; undefined for relative imports */
  package: string | undefined;
  typeOnly: boolean;
  line: number;
}

export interface Source {
  /** path from the root of the repository, with slashes */
  file: string;
  text: string;
  lines: number;
  imports: Import[];
  /** parsed script; of a .vue file the content of its <script>, at the same lines */
  tree: ts.SourceFile;
}

/** All files with these endings below the folders, sorted. Generated and installed folders are left out. */
export function filesBelow(folders: readonly string[], endings: readonly string[]): string[] {
  const found: string[] = [];
  const visit = (folder: string) => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!["node_modules", "artifacts", "cache", "dist", "types"].includes(entry.name)) visit(name);
      } else if (endings.some((ending) => name.endsWith(ending))) found.push(name);
    }
  };
  for (const folder of folders) if (fs.existsSync(path.join(root, folder))) visit(folder);
  return found.sort();
}

export function readSource(file: string): Source {
  const text = fs.readFileSync(path.join(root, file), "utf8");
  const script = file.endsWith(".vue") ? scriptOfVue(text) : text;
  const tree = ts.createSourceFile(file, script, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imports: Import[] = [];
  const add = (specifier: ts.Expression | undefined, typeOnly: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const name = specifier.text.replace(/\?.*$/, "");
    const relative = name.startsWith(".");
    imports.push({
      target: relative ? path.posix.join(path.posix.dirname(file), name) : name,
      package: relative ? undefined : packageOf(name),
      typeOnly,
      line: lineOf(tree, specifier),
    });
  };
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, importsOnlyTypes(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false);
    // new URL("../other.ts", import.meta.url) names a file too, such as a worker
    else if (
      ts.isNewExpression(node) &&
      node.expression.getText(tree) === "URL" &&
      /\.[mc]?ts["']$/.test(node.arguments?.[0]?.getText(tree) ?? "")
    )
      add(node.arguments![0], false);
  });
  return { file, text, lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0), imports, tree };
}

function importsOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false; // for its effects
  if (clause.isTypeOnly) return true;
  const named = clause.namedBindings;
  return (
    !clause.name &&
    !!named &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

/** The <script> blocks, with everything else blanked out so that lines stay where they are. */
function scriptOfVue(text: string): string {
  let out = text.replace(/[^\n]/g, " ");
  for (const match of text.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)) {
    const start = match.index + match[0].indexOf(match[1]!, match[0].indexOf(">"));
    out = out.slice(0, start) + match[1] + out.slice(start + match[1]!.length);
  }
  return out;
}

function packageOf(name: string): string {
  return name.startsWith("@")
    ? name.split("/").slice(0, 2).join("/")
    : name.startsWith("node:")
      ? name
      : name.split("/")[0]!;
}

/** Visits a node and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/** Line of a node, from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** The possible texts of an expression that is a literal or chooses between literals. */
export function literalTexts(node: ts.Expression | undefined): string[] {
  if (!node) return [];
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) return [...literalTexts(node.whenTrue), ...literalTexts(node.whenFalse)];
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node)) return literalTexts(node.expression);
  return [];
}

export { ts };
