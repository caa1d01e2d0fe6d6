// The web font, made while building: Noto Sans SC with the characters that our messages use and no others. What the
// verify page needs is one file for each weight; what only other pages say is a second one, loaded when it is needed.
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import type { Plugin } from "vite";
import { subset } from "./subset.ts";
import { readWoff, writeWoff2 } from "./woff.ts";

const require = createRequire(import.meta.url);
const originals = path.join(path.dirname(require.resolve("@fontsource/noto-sans-sc/package.json")), "files");
const weights = [400, 600];
const addressModule = "virtual:fonts";

/** Printable ASCII and the signs that our texts use; figures and dates come from data, so all of them are here. */
const basic = Array.from({ length: 95 }, (_, i) => 32 + i);
const signs = "¥·×–—‘’“”…、。，！？：；（）《》〈〉「」【】％✓✕→￥第年月日时分秒";

interface FontFile {
  name: string;
  weight: number;
  bytes: Buffer;
  held: number[];
}

function charactersOf(texts: string[]): Set<number> {
  const found = new Set<number>();
  for (const text of texts) for (const char of text) if (char.codePointAt(0)! > 126) found.add(char.codePointAt(0)!);
  return found;
}

function make(name: string, weight: number, script: string, characters: Iterable<number>): FontFile {
  const original = fs.readFileSync(path.join(originals, `noto-sans-sc-${script}-${weight}-normal.woff`));
  const { tables, held } = subset(readWoff(original), characters);
  const bytes = writeWoff2(tables);
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
  return { name: `${name}-${weight}.${digest}.woff2`, weight, bytes, held };
}

function ranges(characters: number[]): string {
  return characters.map((char) => `U+${char.toString(16)}`).join(",");
}

function face(family: string, file: FontFile): string {
  return `@font-face{font-family:"${family}";font-style:normal;font-weight:${file.weight};font-display:swap;src:url("${file.name}") format("woff2");unicode-range:${ranges(file.held)}}`;
}

/** Where a machine has no Chinese font at all (a bare kiosk, a test), the original font's slices are the last resort for
 * names of people and places. With a named system font present the browser never asks for them. */
function lastResort(): string {
  const css = fs.readFileSync(path.join(originals, "../400.css"), "utf8");
  return css
    .split("@font-face")
    .filter((block) => sliceName.test(block))
    .map((block) => {
      const range = /unicode-range: ([^;]+);/.exec(block)![1]!;
      return `@font-face{font-family:"Cunzheng Rest";font-weight:400;font-display:swap;src:url("rest/${sliceName.exec(block)![0]}") format("woff2");unicode-range:${range}}`;
    })
    .join("\n");
}

const sliceName = /noto-sans-sc-\d+-400-normal\.woff2/;

/** All files below /fonts/, and the addresses of the two style sheets among them. */
function makeAll(src: string, verdictMessages: string, figures: string) {
  const messages = path.join(src, "messages/zh-CN");
  const first = ["shell.ts", "verify.ts", "names.ts"].map((file) => fs.readFileSync(path.join(messages, file), "utf8"));
  const verdict = fs.readFileSync(verdictMessages, "utf8");
  const labels = fs.readFileSync(figures, "utf8");
  const all = fs.readdirSync(messages).map((file) => fs.readFileSync(path.join(messages, file), "utf8"));
  const files = weights.flatMap((weight) => {
    // Reasons of single steps and names of figures are never set in bold; the headlines are.
    const said = weight === 400 ? verdict + labels : verdict.slice(verdict.indexOf("export const headlines"));
    const main = charactersOf([...first, said, signs]);
    const more = [...charactersOf(all)].filter((char) => !main.has(char));
    return [
      make("latin", weight, "latin", [...basic, 0xa5, 0xb7, 0xd7, 0x2013, 0x2014, 0x2026]),
      make("main", weight, "chinese-simplified", main),
      make("more", weight, "chinese-simplified", more),
    ];
  });
  const out = new Map<string, Buffer>(files.map((file) => [file.name, file.bytes]));
  const sheet = (name: string, css: string): string => {
    const bytes = Buffer.from(css);
    const address = `${name}.${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.css`;
    out.set(address, bytes);
    return `/fonts/${address}`;
  };
  const main = sheet("main", files.map((file) => face("Cunzheng Sans", file)).join("\n"));
  const rest = sheet("rest", lastResort());
  for (const file of fs.readdirSync(originals).filter((name) => new RegExp(`^${sliceName.source}$`).test(name)))
    out.set(`rest/${file}`, fs.readFileSync(path.join(originals, file)));
  return { files: out, main, rest };
}

/**
 * The plugin. `src` holds messages/zh-CN/*.ts; the files shell.ts, verify.ts and names.ts there, `verdictMessages` (the
 * sentences of the verifier) and `figures` (the names of what QR codes repeat) are what the verify page may say.
 */
export function fonts(src: string, verdictMessages: string, figures: string): Plugin {
  let made: ReturnType<typeof makeAll> | undefined;
  const all = () => (made ??= makeAll(src, verdictMessages, figures));
  return {
    name: "cunzheng-fonts",
    resolveId: (id) => (id === addressModule ? `\0${id}` : undefined),
    load: (id) =>
      id === `\0${addressModule}` ? `export const lastResort = ${JSON.stringify(all().rest)};` : undefined,
    transformIndexHtml: () => [{ tag: "link", attrs: { rel: "stylesheet", href: all().main }, injectTo: "head" }],
    generateBundle() {
      for (const [name, source] of all().files) this.emitFile({ type: "asset", fileName: `fonts/${name}`, source });
    },
    configureServer(server) {
      server.middlewares.use("/fonts", (request, response, next) => {
        const name = decodeURIComponent((request.url ?? "/").slice(1)).split("?")[0]!;
        const bytes = all().files.get(name);
        if (!bytes) return next();
        response.setHeader("content-type", name.endsWith(".css") ? "text/css" : "font/woff2");
        response.end(bytes);
      });
    },
  };
}
