// The interface described for programs (/api/openapi.json) and for people (/api): plain HTML made from the same
// description, without a script, so that it works under our own content security policy.
import { allRefusals } from "./errors.ts";
import type { App } from "./http.ts";

interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown; description?: string }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

export function registerApiPage(app: App): void {
  const hidden = { schema: { hide: true } };
  let page: string | undefined;
  app.get("/api/openapi.json", hidden, async (_request, reply) =>
    reply.header("cache-control", "no-cache").send(app.swagger()),
  );
  app.get("/api/style.css", hidden, async (_request, reply) =>
    reply.header("cache-control", "no-cache").type("text/css; charset=utf-8").send(style),
  );
  app.get("/api", hidden, async (_request, reply) => {
    // Routes do not change once the app is ready.
    page ??= render(app.swagger() as unknown as Parameters<typeof render>[0]);
    return reply.header("cache-control", "no-cache").type("text/html; charset=utf-8").send(page);
  });
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text: unknown) => String(text ?? "").replace(/[&<>"']/g, (char) => escapes[char]!);

function render(api: {
  info: { title: string; description?: string };
  paths?: Record<string, Record<string, Operation>>;
}): string {
  const byTag = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(api.paths ?? {})) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? "other";
      byTag.set(tag, [...(byTag.get(tag) ?? []), renderOperation(method, path, operation)]);
    }
  }
  const tags = [...byTag].map(
    ([tag, operations]) => `<section><h2>${escape(tag)}</h2>${operations.join("")}</section>`,
  );
  const problems = [...allRefusals()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, zh, en }]) =>
        `<tr id="${escape(code)}"><td><code>${escape(code)}</code></td><td>${status}</td><td>${escape(zh)}<br>${escape(en)}</td></tr>`,
    );
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(api.info.title)} · API</title>
<link rel="stylesheet" href="/api/style.css">
</head>
<body>
<header><h1>${escape(api.info.title)}</h1><p>${escape(api.info.description)}</p><p><a href="/api/openapi.json">OpenAPI 3.1</a></p></header>
<main>${tags.join("\n")}
<section><h2>Problems</h2><table><thead><tr><th>code</th><th>status</th><th>说明</th></tr></thead><tbody>${problems.join("\n")}</tbody></table></section>
</main>
</body>
</html>
`;
}

function renderOperation(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (p) =>
      `<tr><td><code>${escape(p.name)}</code></td><td>${escape(p.in)}${p.required ? ", required" : ""}</td><td>${escape(p.description)}</td></tr>`,
  );
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const responses = Object.entries(operation.responses ?? {})
    .filter(([status]) => status.startsWith("2"))
    .map(([status, { content }]) => block(`answer ${status}`, Object.values(content ?? {})[0]?.schema));
  return `<details><summary><b class="${escape(method)}">${escape(method.toUpperCase())}</b> <code>${escape(path)}</code> ${escape(operation.summary)}</summary>
${operation.description ? `<p>${escape(operation.description)}</p>` : ""}
${parameters.length > 0 ? `<table><tbody>${parameters.join("")}</tbody></table>` : ""}
${body ? block("body", body) : ""}${responses.join("")}</details>`;
}

function block(title: string, schema: unknown): string {
  return schema === undefined ? "" : `<h3>${escape(title)}</h3><pre>${escape(JSON.stringify(schema, null, 2))}</pre>`;
}

const style = `:root { color-scheme: light dark; --paper: #fbfaf7; --surface: #fff; --ink: #1c2430; --muted: #5b6675; --line: #e3e0d8; --blue: #1d5f8a; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --surface: #1a2029; --ink: #eceff3; --muted: #9aa5b4; --line: #2c3440; --blue: #6fb1dc; } }
body { margin: 0 auto; max-width: 960px; padding: 24px 16px; background: var(--paper); color: var(--ink); font: 16px/1.6 "Noto Sans SC", system-ui, sans-serif; }
h1 { font-size: 28px; } h2 { font-size: 22px; } h3 { font-size: 14px; color: var(--muted); }
a { color: var(--blue); } code, pre { font-family: ui-monospace, monospace; font-size: 14px; }
details { background: var(--surface); border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; margin: 8px 0; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 56px; color: var(--blue); }
pre { overflow-x: auto; background: var(--paper); padding: 12px; border-radius: 8px; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: 8px; border-bottom: 1px solid var(--line); }
tr:target { outline: 2px solid var(--blue); }
`;
