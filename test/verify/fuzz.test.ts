// Hostile files by the thousand: whatever happens to a sealed file, the verifier answers, and never calls it genuine.
import { describe, expect, it } from "vitest";
import { verifyFile, verifyQr } from "../../service/src/verify/verify.ts";
import { archived, listed, stamped } from "../vectors/cases-levels.ts";
import { bodyOf, withObjects } from "./additions-maker.ts";
import { replay } from "./replay.ts";
import { makeWorld } from "./world.ts";

const world = makeWorld({ pdf: { room: 1024 } });
const archive = makeWorld(stamped());
listed(archive);
const archiveFile = archived(archive.pdf);
const sources = replay(world.recorded);
const now = new Date(world.recorded.now);

/** A small generator with a fixed seed (xorshift32), so that a failure can be seen again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const pieces = [
  "/ByteRange",
  "/Byte#52ange",
  "/ByteRange[0 1 2 3]",
  "/Contents<00>",
  "%%EOF",
  "%%EOF\n",
  "startxref\n0\n",
  "xref\n0 1\n",
  "8 0 obj\n<<>>\nendobj\n",
  "<<",
  ">>",
  "[",
  "]",
  "(",
  ")",
  "%",
  "\n",
  " ",
  "\0",
  "stream\n",
  "endstream",
  "null",
  "-1",
  "R",
  "/Prev 9",
  "/Type/Sig",
  "/FT/Sig",
  "/AP<</N 4 0 R>>",
  "/OpenAction<</S/JavaScript/JS(1)>>",
  "/Contents 9 0 R",
  "8 0 R",
  "9".repeat(30),
  "<".repeat(40),
  "[".repeat(5000),
  "3080",
  "0000",
  "ff",
  "a",
  "A",
];

type Mutation = (file: Buffer, next: (below: number) => number) => Buffer;
const contentsAt = world.pdf.indexOf("/Contents<") + 10;
const mutations: Mutation[] = [
  // one bit
  (file, next) => {
    file[next(file.length)]! ^= 1 << next(8);
    return file;
  },
  // one digit of the CMS
  (file, next) => {
    file[contentsAt + next(2048)] = "0123456789abcdefABCDEF<> "[next(25)]!.charCodeAt(0);
    return file;
  },
  // cut at either end, or in the middle
  (file, next) => file.subarray(0, next(file.length)),
  (file, next) => file.subarray(1 + next(40)),
  (file, next) => {
    const at = next(file.length);
    return Buffer.concat([file.subarray(0, at), file.subarray(at + 1 + next(30))]);
  },
  // something put in, or written over, or doubled
  (file, next) => {
    const at = next(file.length + 1);
    return Buffer.concat([
      file.subarray(0, at),
      Buffer.from(pieces[next(pieces.length)]!, "latin1"),
      file.subarray(at),
    ]);
  },
  (file, next) => {
    file.write(pieces[next(pieces.length)]!, next(file.length), "latin1");
    return file;
  },
  (file, next) => {
    const at = next(file.length);
    const end = at + 1 + next(200);
    return Buffer.concat([file.subarray(0, end), file.subarray(at)]);
  },
  // a number that means something
  (file, next) => {
    const found = [...file.toString("latin1").matchAll(/\d+/g)].filter(
      ({ index }) => index < contentsAt || index > contentsAt + 2048,
    );
    const { index, 0: text } = found[next(found.length)]!;
    const other = Buffer.from(String(next(12000)));
    return Buffer.concat([file.subarray(0, index), other, file.subarray(index + text.length)]);
  },
];

describe("3,000 mutations", () => {
  it("never throw, never hang, never pass", async () => {
    const next = numbers(20261121);
    const passed: string[] = [];
    for (let i = 0; i < 3000; i++) {
      let file: Buffer = Buffer.from(world.pdf);
      for (let times = 1 + next(3); times > 0 && file.length > 0; times--)
        file = mutations[next(mutations.length)]!(file, next);
      if (file.equals(world.pdf)) continue;
      const verdict = await verifyFile(file, sources, now);
      if (verdict.headline !== "not-genuine") passed.push(`${i}: ${verdict.headline}`);
      if (verdict.steps.some(({ code }) => code === "verifier-broken"))
        passed.push(`${i}: broken ${JSON.stringify(verdict.steps)}`);
    }
    expect(passed).toEqual([]);
  });

  it("of an archived file never pass, but where it is cut back to a lower level", async () => {
    const next = numbers(20261122);
    const passed: string[] = [];
    const from = replay(archive.recorded);
    for (let i = 0; i < 1500; i++) {
      // Mostly behind the base, where a parser of its own reads.
      const at = next(4) === 0 ? 0 : archive.pdf.length;
      const tail: Buffer = Buffer.from(archiveFile.subarray(at));
      const changed = mutations[next(mutations.length)]!(tail, next);
      const file = Buffer.concat([archiveFile.subarray(0, at), changed]);
      if (file.equals(archiveFile)) continue;
      const verdict = await verifyFile(file, from, now);
      const lower =
        verdict.headline === "genuine" &&
        verdict.level !== "B-LTA" &&
        archiveFile.subarray(0, file.length).equals(file);
      if (verdict.headline !== "not-genuine" && !lower) passed.push(`${i}: ${verdict.headline}`);
      if (verdict.steps.some(({ code }) => code === "verifier-broken"))
        passed.push(`${i}: broken ${JSON.stringify(verdict.steps)}`);
    }
    expect(passed).toEqual([]);
  });

  it("of an object that an addition replaces never pass, unless it says what it said", async () => {
    const next = numbers(4711);
    const passed: string[] = [];
    const from = replay(archive.recorded);
    const words = (text: string) =>
      text
        .replaceAll("\0", " ")
        .replace(/\s+/g, " ")
        .replace(/ ?([[\]<>/()]) ?/g, "$1");
    for (let i = 0; i < 1500; i++) {
      const number = 1 + next(7);
      const body = bodyOf(archive.pdf, number);
      const at = next(body.length + 1);
      const piece = pieces[next(pieces.length)]!;
      const changed =
        next(2) === 0 ? body.slice(0, at) + piece + body.slice(at) : body.slice(0, at) + body.slice(at + 1 + next(9));
      const { headline } = await verifyFile(withObjects(archive.pdf, [[number, changed]]), from, now);
      if (headline !== "not-genuine" && !((number === 1 || number === 3) && words(changed) === words(body)))
        passed.push(`${number}: ${changed}`);
    }
    expect(passed).toEqual([]);
  });

  it("find every single byte of the file, each with one bit flipped", async () => {
    const passed: number[] = [];
    const file = Uint8Array.from(world.pdf);
    for (let at = 0; at < file.length; at++) {
      // The zeros behind the CMS are all alike: every sixteenth will do.
      if (at > contentsAt + 1500 && at < contentsAt + 2040 && at % 16 !== 0) continue;
      const bit = 1 << (at % 8);
      file[at]! ^= bit;
      if ((await verifyFile(file, sources, now)).headline !== "not-genuine") passed.push(at);
      file[at]! ^= bit;
    }
    expect(passed).toEqual([]);
  });

  it("of answers never throw, and never make a pass of what did not fit", async () => {
    const next = numbers(7);
    const broken: string[] = [];
    const words = [null, [], {}, -1, 2 ** 60, "", "x".repeat(50), true, "00".repeat(32), ["C46010"]];
    for (let i = 0; i < 400; i++) {
      const recorded = structuredClone(world.recorded) as unknown as Record<string, unknown>;
      // Walk to a random place in the answers and put something else there.
      let at = { ...recorded, now: undefined, centres: undefined } as Record<string, unknown>;
      let holder = at;
      let key = "";
      for (let depth = 0; depth < 9; depth++) {
        const keys = Object.keys(at).filter((name) => at[name] !== undefined);
        if (keys.length === 0) break;
        holder = at;
        key = keys[next(keys.length)]!;
        if (typeof at[key] !== "object" || at[key] === null || (depth > 1 && next(4) === 0)) break;
        at = at[key] as Record<string, unknown>;
      }
      holder[key] = words[next(words.length)];
      const verdict = await verifyFile(world.pdf, replay(recorded as never), now);
      if (verdict.steps.some(({ code }) => code === "verifier-broken"))
        broken.push(`${key} ${JSON.stringify(verdict.steps)}`);
    }
    expect(broken).toEqual([]);
  });

  it("of a QR never pass", async () => {
    const next = numbers(99);
    for (let i = 0; i < 500; i++) {
      const digits = world.qr.split("#")[1]!;
      const at = next(digits.length);
      const other = digits.slice(0, at) + next(10) + digits.slice(at + next(3));
      const verdict = await verifyQr(other, sources, now);
      expect(other === digits || verdict.headline === "not-genuine").toBe(true);
    }
  });
});
