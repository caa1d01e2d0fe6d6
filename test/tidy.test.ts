// What may know what, and other habits that this repository keeps. Each rule is a test; what breaks it is listed with its
// place. An exception stands beside its rule with the reason, and one that is no longer needed fails too.
import { describe, expect, it } from "vitest";
import { filesBelow, lineOf, literalTexts, readSource, ts, walk } from "./helpers/source.ts";
import type { Import, Source } from "./helpers/source.ts";

const sources = filesBelow(["service/src", "verifier-web", "scripts", "test"], [".ts", ".vue", ".mjs"]).map(readSource);
const service = sources.filter(({ file }) => file.startsWith("service/src/"));

/** The first folder below service/src ("ledger"), or "" for a file that lies there itself. */
function domainOf(file: string): string {
  const [domain, ...rest] = file.replace(/^service\/src\//, "").split("/");
  return rest.length ? domain! : "";
}

/** `audit.ts` recomputes from the tables what must hold: it asks the database like a store. */
const isStore = (file: string) => /(^|\/)(store|[a-z-]+-store|audit)\.ts$/.test(file);
const isRoutes = (file: string) => /(^|\/)(routes|[a-z-]+-routes)\.ts$/.test(file);
const isInService = (target: string) => target.startsWith("service/src/");
const named = (...names: string[]) => new Set(names.map((name) => `service/src/${name}`));

/** Files that may do what the rule forbids, each with the reason. */
type Exceptions = Record<string, string>;

interface Finding {
  file: string;
  line: number;
  what: string;
}

/** `file:line what` of all findings without an exception, and the exceptions that nothing needs any more. */
function broken(findings: readonly Finding[], exceptions: Exceptions = {}): string[] {
  const found = new Set(findings.map(({ file }) => file));
  return [
    ...findings.filter(({ file }) => !(file in exceptions)).map(({ file, line, what }) => `${file}:${line} ${what}`),
    ...Object.keys(exceptions)
      .filter((file) => !found.has(file))
      .map((file) => `${file} no longer needs its exception`),
  ];
}

/** The imports of the files that `forbidden` answers with words for. */
function importsThat(
  files: readonly Source[],
  forbidden: (from: Source, imported: Import) => string | false | undefined,
): Finding[] {
  return files.flatMap((source) =>
    source.imports.flatMap((imported) => {
      const what = forbidden(source, imported);
      return what ? [{ file: source.file, line: imported.line, what }] : [];
    }),
  );
}

describe("what may know what", () => {
  it("nothing imports scripts or test, but scripts and test", () => {
    const files = sources.filter(({ file }) => !/^(scripts|test)\//.test(file));
    expect(
      broken(importsThat(files, (_, { target }) => /^(scripts|test)\//.test(target) && `imports ${target}`)),
    ).toEqual([]);
  });

  it("scripts import no tests", () => {
    const files = sources.filter(({ file }) => file.startsWith("scripts/"));
    expect(broken(importsThat(files, (_, { target }) => target.startsWith("test/") && `imports ${target}`))).toEqual(
      [],
    );
  });

  it("proof/ imports @noble/hashes and itself", () => {
    const files = service.filter(({ file }) => domainOf(file) === "proof");
    expect(
      broken(
        importsThat(files, (_, imported) =>
          imported.package === "@noble/hashes" || imported.target.startsWith("service/src/proof/")
            ? false
            : `imports ${imported.target}: proof/ runs anywhere and needs one hash library only`,
        ),
      ),
    ).toEqual([]);
  });

  it("verify/ imports @noble/hashes, proof/ and itself", () => {
    const files = service.filter(({ file }) => domainOf(file) === "verify");
    expect(
      broken(
        importsThat(files, (_, { target, package: name }) =>
          name === "@noble/hashes" || /^service\/src\/(verify|proof)\//.test(target)
            ? false
            : `imports ${target}: verify/ runs in the page as in Node, and uses neither's own parts`,
        ),
      ),
    ).toEqual([]);
  });

  it("the pages import of the service only verify/ and proof/", () => {
    const files = sources.filter(({ file }) => file.startsWith("verifier-web/src/"));
    expect(
      broken(
        importsThat(
          files,
          (_, { target }) =>
            isInService(target) && !/^service\/src\/(verify|proof)\//.test(target) && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("the pages do not use Node", () => {
    const files = sources.filter(({ file }) => file.startsWith("verifier-web/src/"));
    expect(broken(importsThat(files, (_, { target }) => target.startsWith("node:") && `imports ${target}`))).toEqual(
      [],
    );
  });

  it("Fastify stays in server, app, http and routes", () => {
    const allowed = named("server.ts", "app.ts", "http.ts");
    const files = service.filter(({ file }) => !allowed.has(file) && !isRoutes(file));
    expect(
      broken(
        importsThat(
          files,
          (_, imported) => /^(fastify|@fastify\/.+)$/.test(imported.package ?? "") && `imports ${imported.target}`,
        ),
        {
          "service/src/security.ts": "registers what every answer carries; a part of app.ts in a file of its own",
          "service/src/idempotency.ts": "hooks around the handlers of those routes that do something once",
          "service/src/identity/access.ts": "the guards that routes put before their handlers",
          "service/src/identity/session.ts": "reads and sets the session's cookie for app.ts",
        },
      ),
    ).toEqual([]);
  });

  it("the Postgres driver stays in db.ts", () => {
    const files = service.filter(({ file }) => file !== "service/src/db.ts");
    expect(
      broken(
        importsThat(files, (_, imported) => imported.package === "pg" && `imports ${imported.target}`),
        { "service/src/jobs.ts": "types of LISTEN and NOTIFY" },
      ),
    ).toEqual([]);
  });

  it("SQL stays in stores, db.ts and migrations", () => {
    const findings = service
      .filter(({ file }) => file !== "service/src/db.ts" && !isStore(file))
      .flatMap(({ file, tree }) =>
        sqlTexts(tree).map((line) => ({ file, line, what: "has SQL; move it to its store.ts" })),
      );
    expect(
      broken(findings, {
        "service/src/health.ts": "asks whether the database answers, whatever is in it",
        "service/src/jobs.ts": "advisory locks and LISTEN, which belong to no table",
        "service/src/idempotency.ts": "keeps answers for all domains: a store in itself",
      }),
    ).toEqual([]);
  });

  it("RPC calls and ethers stay in chain/", () => {
    const files = service.filter(({ file }) => domainOf(file) !== "chain");
    expect(
      broken([
        ...importsThat(files, (_, imported) => imported.package === "ethers" && "imports ethers"),
        ...files
          // verify/ reads the chain through the proxy, and gets the transport as an argument
          .filter(({ file }) => domainOf(file) !== "verify")
          .flatMap(({ file, tree }) =>
            literalsMatching(tree, /^eth_[a-zA-Z]+$/).map((line) => ({ file, line, what: "names an RPC method" })),
          ),
      ]),
    ).toEqual([]);
  });

  it("a store asks the database and knows neither rules nor routes", () => {
    const files = service.filter(({ file }) => isStore(file));
    const common = named("db.ts", "errors.ts", "ids.ts");
    expect(
      broken(
        importsThat(files, (from, { target, typeOnly }) => {
          if (!isInService(target) || typeOnly || common.has(target) || isStore(target)) return false;
          if (target.startsWith("service/src/proof/")) return false;
          const own = domainOf(target) === domainOf(from.file);
          return (
            (!own || isRoutes(target)) && `imports ${target}: a store knows the database and its own domain's words`
          );
        }),
      ),
    ).toEqual([]);
  });

  it("routes ask the domain for what changes something: they begin no transaction", () => {
    // A plain look-up may come straight from the store: a domain function that only passes it on would say nothing.
    const files = service.filter(({ file }) => isRoutes(file));
    expect(
      broken(
        importsThat(
          files,
          (_, { target, typeOnly }) => target === "service/src/db.ts" && !typeOnly && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("only app, server and the assembly in centre.ts know routes", () => {
    const allowed = named("app.ts", "server.ts", "centre.ts");
    const files = service.filter(({ file }) => !allowed.has(file) && !isRoutes(file));
    expect(
      broken(importsThat(files, (_, { target, typeOnly }) => isRoutes(target) && !typeOnly && `imports ${target}`)),
    ).toEqual([]);
  });

  it("nothing below app.ts imports app.ts or server.ts but their types", () => {
    const files = service.filter(({ file }) => !named("app.ts", "server.ts").has(file));
    expect(
      broken(
        importsThat(
          files,
          (_, { target, typeOnly }) => named("app.ts", "server.ts").has(target) && !typeOnly && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("ledger/ imports no other domain", () => {
    const files = service.filter(({ file }) => domainOf(file) === "ledger");
    expect(
      broken(
        importsThat(
          files,
          (_, { target }) =>
            isInService(target) && !["", "ledger", "proof"].includes(domainOf(target)) && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("log/ knows leaves and no record that they stand for", () => {
    const files = service.filter(({ file }) => domainOf(file) === "log");
    const known = ["", "log", "proof", "chain", "peers"];
    expect(
      broken(
        importsThat(
          files,
          (_, { target }) => isInService(target) && !known.includes(domainOf(target)) && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("chain/ knows no domain", () => {
    const files = service.filter(({ file }) => domainOf(file) === "chain");
    expect(
      broken(
        importsThat(
          files,
          (_, { target }) =>
            isInService(target) && !["", "chain", "proof"].includes(domainOf(target)) && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });

  it("pdf/ and sealing/ know bytes, and no person or certificate", () => {
    const files = service.filter(({ file }) => ["pdf", "sealing"].includes(domainOf(file)));
    expect(
      broken(
        importsThat(
          files,
          (_, { target }) =>
            isInService(target) && !["", "pdf", "sealing", "proof"].includes(domainOf(target)) && `imports ${target}`,
        ),
      ),
    ).toEqual([]);
  });
});

describe("habits", () => {
  it("no file is longer than 500 lines", () => {
    const others = filesBelow(["service", "contracts", "verifier-web", "test"], [".sol", ".sql", ".css"]).map(
      readSource,
    );
    const long = [...sources, ...others].filter(({ lines }) => lines > 500);
    expect(
      broken(long.map(({ file, lines }) => ({ file, line: lines, what: "is too long to be read in one go" }))),
    ).toEqual([]);
  });

  it("every refusal that is thrown is registered, once", () => {
    const registered = new Map<string, string[]>();
    for (const { file, tree } of service)
      walk(tree, (node) => {
        if (!ts.isCallExpression(node) || node.expression.getText(tree) !== "refusals") return;
        const [table] = node.arguments;
        if (!table || !ts.isObjectLiteralExpression(table)) return;
        for (const property of table.properties) {
          const code = property.name?.getText(tree) ?? "";
          registered.set(code, [...(registered.get(code) ?? []), file]);
        }
      });
    const findings: Finding[] = [];
    for (const { file, tree } of service)
      walk(tree, (node) => {
        if (!ts.isNewExpression(node) || node.expression.getText(tree) !== "DomainError") return;
        for (const code of literalTexts(node.arguments?.[0]))
          if (!registered.has(code))
            findings.push({ file, line: lineOf(tree, node), what: `${code} is not registered` });
      });
    expect(broken(findings)).toEqual([]);
    expect([...registered].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  it("no test sleeps and hopes", () => {
    const findings = sources
      .filter(({ file }) => file.startsWith("test/"))
      .flatMap(({ file, tree, imports }) => [
        ...imports
          .filter(({ target }) => target === "node:timers/promises")
          .map(({ line }) => ({ file, line, what: "imports timers to await; wait for what is to happen instead" })),
        ...sleeps(tree).map((line) => ({ file, line, what: "sleeps; ask in a loop for what is to happen instead" })),
      ]);
    expect(
      broken(findings, { "test/jobs.test.ts": "a step that takes its time; what it waits for is itself" }),
    ).toEqual([]);
  });

  it("nothing is left for later, and no path of one machine is written down", () => {
    // Written with brackets, so that this file does not find itself.
    const marks = /\b(TOD[O]|FIXM[E]|XX[X])\b|["'`/ ](\/wor[k]\/|\/roo[t]\/)/;
    const findings = sources.flatMap(({ file, text }) =>
      text
        .split("\n")
        .flatMap((content, i) => (marks.test(content) ? [{ file, line: i + 1, what: content.trim() }] : [])),
    );
    expect(broken(findings)).toEqual([]);
  });
});

/** Lines of texts that are SQL: what is handed to `.query(…)`, and texts that begin like a statement. */
function sqlTexts(tree: ts.SourceFile): number[] {
  const lines = new Set<number>();
  walk(tree, (node) => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === "query"
    ) {
      const [text] = node.arguments;
      if (text && (ts.isStringLiteralLike(text) || ts.isTemplateExpression(text))) lines.add(lineOf(tree, text));
    }
    const statement =
      /^\s*(select\s+[\w*(]|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()/i;
    if ((ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) && statement.test(node.getText(tree).slice(1)))
      lines.add(lineOf(tree, node));
  });
  return [...lines];
}

function literalsMatching(tree: ts.SourceFile, pattern: RegExp): number[] {
  const lines: number[] = [];
  walk(tree, (node) => {
    if (ts.isStringLiteralLike(node) && pattern.test(node.text)) lines.push(lineOf(tree, node));
  });
  return lines;
}

/** Lines of `await new Promise(… setTimeout …)` outside any loop: nothing is asked again after the pause. */
function sleeps(tree: ts.SourceFile): number[] {
  const lines: number[] = [];
  walk(tree, (node) => {
    if (!ts.isAwaitExpression(node) || !ts.isNewExpression(node.expression)) return;
    if (node.expression.expression.getText(tree) !== "Promise") return;
    const executor = node.expression.arguments?.[0];
    const body = executor && ts.isArrowFunction(executor) ? executor.body : undefined;
    // (resolve) => setTimeout(resolve, n) and nothing else
    const only = body && ts.isBlock(body) ? (body.statements.length === 1 ? body.statements[0]! : undefined) : body;
    if (!only || !/^(void )?setTimeout\((\w+), [^()]*\);?$/.test(only.getText(tree))) return;
    for (let up: ts.Node | undefined = node; up && !ts.isFunctionLike(up); up = up.parent)
      if (ts.isIterationStatement(up, false)) return;
    lines.push(lineOf(tree, node));
  });
  return lines;
}
