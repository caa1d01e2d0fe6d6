// The small parts of the second verifier, each against a definition written here once more.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { beijingDay, isBeijingTime, isDay, recordDigest } from "../../scripts/verify/bytes.ts";
import { rootFromProof } from "../../scripts/verify/merkle.ts";
import { cosignedAt, isSignedByLog, readCheckpoint } from "../../scripts/verify/note.ts";
import { type Step, headlineOf, worstExit } from "../../scripts/verify/outcome.ts";
import { isTrusted, readTrustList, vote } from "../../scripts/verify/trust-list.ts";

const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

describe("Merkle proofs", () => {
  // RFC 9162 §2.1.1 and §2.1.3.1, word for word.
  const split = (size: number) => 2 ** Math.floor(Math.log2(size - 1));
  const root = (entries: Buffer[]): Buffer => {
    if (entries.length === 1) return sha256(Buffer.of(0), entries[0]!);
    const k = split(entries.length);
    return sha256(Buffer.of(1), root(entries.slice(0, k)), root(entries.slice(k)));
  };
  const path = (index: number, entries: Buffer[]): Buffer[] => {
    if (entries.length === 1) return [];
    const k = split(entries.length);
    return index < k
      ? [...path(index, entries.slice(0, k)), root(entries.slice(k))]
      : [...path(index - k, entries.slice(k)), root(entries.slice(0, k))];
  };

  it("leads from every leaf of every small tree to its root, and from nowhere else", () => {
    for (let size = 1; size <= 33; size++) {
      const entries = Array.from({ length: size }, (_, index) => sha256(Buffer.of(index)));
      const expected = root(entries);
      for (let index = 0; index < size; index++) {
        const proof = path(index, entries);
        expect(rootFromProof(entries[index]!, index, size, proof)).toEqual(expected);
        const lies = [
          rootFromProof(entries[index]!, (index + 1) % size, size, size > 1 ? proof : [expected]),
          rootFromProof(entries[index]!, index, size, [...proof, expected]),
          size > 1 ? rootFromProof(entries[index]!, index, size, proof.slice(1)) : null,
        ];
        expect(lies.some((lie) => lie?.equals(expected))).toBe(false);
      }
      expect(rootFromProof(entries[0]!, size, size, [])).toBeNull();
    }
  });
});

describe("bytes", () => {
  it("knows the example of RFC 8785 §3.2.3", () => {
    const value = { "\u20ac": "Euro Sign", "\r": "Carriage Return", "1": "One", "\u00f6": "Latin" };
    const text = '{"\\r":"Carriage Return","1":"One","ö":"Latin","€":"Euro Sign"}';
    expect(recordDigest(value)).toEqual(sha256(Buffer.from(text)));
  });

  it("knows the calendar and the day in Beijing", () => {
    expect(["2026-02-28", "2028-02-29"].every(isDay)).toBe(true);
    expect(["2026-02-29", "2026-13-01", "2026-1-01", "26-01-01"].some(isDay)).toBe(false);
    expect(isBeijingTime("2026-11-21T09:30:00+08:00")).toBe(true);
    expect(
      ["2026-11-21T24:00:00+08:00", "2026-11-21T09:30:00Z", "2026-11-21T09:30:00.5+08:00"].some(isBeijingTime),
    ).toBe(false);
    expect(beijingDay(Date.parse("2026-12-21T15:59:59Z") / 1000)).toBe("2026-12-21");
    expect(beijingDay(Date.parse("2026-12-21T16:00:00Z") / 1000)).toBe("2026-12-22");
  });
});

describe("checkpoints", () => {
  const pair = () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    return { raw: publicKey.export({ format: "der", type: "spki" }).subarray(-32), privateKey };
  };
  const [log, witness] = [pair(), pair()];
  const body = `cunzheng/C46010/1\n13\n${Buffer.alloc(32, 7).toString("base64")}\n`;
  const keyId = (name: string, algorithm: number, raw: Buffer) =>
    sha256(Buffer.from(name), Buffer.of(10, algorithm), raw).subarray(0, 4);
  const signatureLine = (name: string, bytes: Buffer) => `\u2014 ${name} ${bytes.toString("base64")}\n`;
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(1795224610n);
  const logLine = signatureLine(
    "cunzheng/C46010/1",
    Buffer.concat([keyId("cunzheng/C46010/1", 1, log.raw), sign(null, Buffer.from(body), log.privateKey)]),
  );
  const said = Buffer.from(`cosignature/v1\ntime 1795224610\n${body}`);
  const name = "cunzheng/C14010/witness";
  const witnessLine = signatureLine(
    name,
    Buffer.concat([keyId(name, 4, witness.raw), time, sign(null, said, witness.privateKey)]),
  );
  const hex = (bytes: Buffer) => bytes.toString("hex");

  it("reads signatures of the log and of witnesses", () => {
    const note = readCheckpoint(`${body}\n${logLine}${witnessLine}`)!;
    expect(note).toMatchObject({ origin: { centre: "C46010", epoch: 1 }, size: 13 });
    expect(isSignedByLog(note, hex(log.raw))).toBe(true);
    expect(isSignedByLog(note, hex(witness.raw))).toBe(false);
    expect(cosignedAt(note, "C14010", hex(witness.raw))).toEqual([1795224610]);
    expect(cosignedAt(note, "C63010", hex(witness.raw))).toEqual([]);
    expect(isSignedByLog(readCheckpoint(`${body.replace("13", "14")}\n${logLine}`)!, hex(log.raw))).toBe(false);
  });

  it.each([
    ["no signature", `${body}\n`],
    ["no empty line", `${body}${logLine}`],
    ["a fourth line", `${body}more\n\n${logLine}`],
    ["no last line end", `${body}\n${logLine}`.slice(0, -1)],
    ["a leading zero", `${body.replace("13", "013")}\n${logLine}`],
    ["a short root", `${body.replace("Bwc=", "Bw==")}\n${logLine}`],
    ["another origin", `${body.replace("cunzheng", "example")}\n${logLine}`],
    ["epoch 0", `${body.replace("/1\n", "/0\n")}\n${logLine}`],
    ["carriage returns", `${body}\n${logLine}`.replaceAll("\n", "\r\n")],
  ])("refuses a note with %s", (_, text) => expect(readCheckpoint(text)).toBeNull());
});

describe("what centres say together", () => {
  const say = (...values: (string | null)[]) =>
    vote(values.flatMap((value, index) => (value === null ? [] : [{ from: `C${index}`, value }])));
  it.each<[(string | null)[], string, string?]>([
    [["a", "a"], "agreed"],
    [["a", "b"], "disputed"],
    [["a", null], "unreachable"],
    [[null, null, null], "unreachable"],
    [["a", "a", "b"], "agreed", "C2"],
    [["b", "a", "a"], "agreed", "C0"],
    [["a", "a", "b", "b"], "disputed"],
    [["a", "a", "b", "c"], "disputed"],
    [["a", "a", "b", "a"], "agreed", "C2"],
  ])("%j: %s", (values, state, other) => {
    const result = say(...values);
    const agreed = { state, value: "a", others: other ? [other] : [] };
    expect(result).toMatchObject(state === "agreed" ? agreed : { state });
  });

  it("counts a centre once", () => {
    const twice = [
      { from: "C1", value: "a" },
      { from: "C1", value: "a" },
    ];
    expect(vote(twice).state).toBe("unreachable");
  });

  it("trusts keys from their first second until before the last", () => {
    const key = { kind: "seal", value: "", from: 10, until: 20, distrustedSince: 15 };
    expect([9, 10, 14, 15, 20].map((time) => isTrusted(key, time))).toEqual([false, true, true, false, false]);
    expect(isTrusted({ ...key, until: 0, distrustedSince: 0 }, 1e9)).toBe(true);
  });

  it("takes a trust list in its form only", () => {
    const address = `0x${"a".repeat(40)}`;
    const key = { kind: "seal", value: "00".repeat(32), from: 0, until: 0, distrustedSince: 0 };
    const centre = {
      code: "C46010",
      name: "x",
      creditCode: "y",
      serviceUrl: "https://a.example",
      logEpoch: 1,
      removed: false,
      keys: [key],
    };
    const contracts = { checkpointAnchor: address, certificateStatus: address, blacklist: address };
    const list = {
      chainId: 1,
      registry: address,
      contracts,
      block: 1,
      blockTime: 1,
      witnessQuorum: 2,
      centres: [centre],
    };
    expect(readTrustList(list)?.centres.get("C46010")?.serviceUrl).toBe("https://a.example");
    expect(readTrustList({ ...list, witnessQuorum: 0 })).toBeNull();
    expect(readTrustList({ ...list, centres: [centre, centre] })).toBeNull();
    expect(readTrustList({ ...list, centres: [{ ...centre, keys: [key, key] }] })).toBeNull();
    expect(readTrustList({ ...list, registry: "0x" })).toBeNull();
    for (const serviceUrl of [
      "https://a.example/",
      "https://u@a.example",
      "ftp://a.example",
      "https://a.example/x",
      "",
    ]) {
      expect(
        readTrustList({ ...list, centres: [{ ...centre, serviceUrl }] })?.centres.get("C46010")?.serviceUrl,
      ).toBeNull();
    }
  });
});

describe("headlines and exit codes", () => {
  const steps = (outcomes: Partial<Record<Step["step"], [Step["outcome"], string]>>): Step[] =>
    (["file", "seal", "receipt", "inclusion", "anchor", "trust", "standing"] as const).map((step) => {
      const [outcome, code] = outcomes[step] ?? ["passed", "x"];
      return { step, outcome, code };
    });
  it("takes the first row that fits", () => {
    expect(headlineOf(steps({}))).toBe("genuine");
    expect(headlineOf(steps({ trust: ["failed", "x"], standing: ["failed", "x"] }))).toBe("not-genuine");
    expect(headlineOf(steps({ receipt: ["unknown", "x"], standing: ["failed", "x"] }))).toBe("no-longer-valid");
    expect(headlineOf(steps({ anchor: ["unknown", "not-anchored-yet"] }))).toBe("not-anchored");
    expect(headlineOf(steps({ anchor: ["unknown", "chain-unreachable"] }))).toBe("standing-unknown");
    expect(headlineOf(steps({ receipt: ["unknown", "x"], anchor: ["unknown", "not-in-log-yet"] }))).toBe(
      "standing-unknown",
    );
    expect(headlineOf([])).toBe("standing-unknown");
  });

  it("ends with the worst: a forgery before anything else", () => {
    expect(worstExit(["genuine", "genuine"])).toBe(0);
    expect(worstExit(["genuine", "standing-unknown"])).toBe(3);
    expect(worstExit(["standing-unknown", "no-longer-valid"])).toBe(2);
    expect(worstExit(["no-longer-valid", "not-genuine", "not-anchored"])).toBe(1);
  });
});
