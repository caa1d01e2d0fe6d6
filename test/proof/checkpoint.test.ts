import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, fromBase64, toHex, utf8 } from "../../service/src/proof/bytes.ts";
import * as c from "../../service/src/proof/checkpoint.ts";
import { ed25519 } from "../verify/keys.ts";
import { unlessRefused } from "./unless-refused.ts";
import { issuer, logKey, makeNote, witnessedAt, witnessKey } from "../verify/world.ts";

const root = new Uint8Array(32).fill(7);
const note = makeNote(4711, root);
const read = c.readCheckpoint(note);

describe("signed notes", () => {
  // The example of golang.org/x/mod/sumdb/note, on which C2SP signed-note is built.
  const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
  const key = fromBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
  const line = fromBase64(
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
  );

  it("computes key ids and verifies as the example does", async () => {
    expect(key[0]).toBe(1);
    expect(toHex(c.logKeyId("PeterNeumann", key.slice(1)))).toBe("c74f20a3");
    expect(toHex(line.slice(0, 4))).toBe("c74f20a3");
    expect(await c.verifyEd25519(key.slice(1), utf8(text), line.slice(4))).toBe(true);
    expect(await c.verifyEd25519(key.slice(1), utf8(`${text}\n`), line.slice(4))).toBe(false);
  });

  it("verifies the first test of RFC 8032 §7.1 and is false for keys and signatures of another form", async () => {
    const publicKey = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
    const signature = Buffer.from(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      "hex",
    );
    expect(await c.verifyEd25519(publicKey, new Uint8Array(), signature)).toBe(true);
    expect(await c.verifyEd25519(publicKey, new Uint8Array(1), signature)).toBe(false);
    expect(await c.verifyEd25519(publicKey.subarray(1), new Uint8Array(), signature)).toBe(false);
    expect(await c.verifyEd25519(new Uint8Array(32).fill(255), new Uint8Array(), signature)).toBe(false);
    expect(await c.verifyEd25519(publicKey, new Uint8Array(), signature.subarray(1))).toBe(false);
  });
});

describe("checkpoints", () => {
  it("reads what it writes", () => {
    expect(read).toMatchObject({ origin: `cunzheng/${issuer}/1`, size: 4711, root });
    expect(read.signatures.map(({ name }) => name)).toEqual([
      `cunzheng/${issuer}/1`,
      "cunzheng/C14010/witness",
      "cunzheng/C63010/witness",
    ]);
    expect(c.checkpointBody(read)).toBe(read.body);
  });

  it("knows the log's signature from another's", async () => {
    expect(await c.signedByLog(read, logKey(issuer).publicKey)).toBe(true);
    expect(await c.signedByLog(read, logKey("C14010").publicKey)).toBe(false);
    expect(await c.signedByLog({ ...read, body: read.body.replace("4711", "4712") }, logKey(issuer).publicKey)).toBe(
      false,
    );
  });

  it("writes cosignatures as C2SP tlog-cosignature does: type 4, time, signature over both", async () => {
    const { publicKey } = witnessKey("C14010");
    expect(await c.cosignedAt(read, "cunzheng/C14010/witness", publicKey)).toBe(witnessedAt);
    expect(new TextDecoder().decode(c.cosignatureMessage("body\n", 5))).toBe("cosignature/v1\ntime 5\nbody\n");
    expect(c.witnessKeyId("n", publicKey)).not.toEqual(c.logKeyId("n", publicKey));
    expect(await c.cosignedAt(read, "cunzheng/C63010/witness", publicKey)).toBeUndefined();
    expect(await c.cosignedAt(read, "cunzheng/C37170/witness", witnessKey("C37170").publicKey)).toBeUndefined();
  });

  it("takes the earliest of a witness's lines, and no time that was not signed", async () => {
    const name = "cunzheng/C14010/witness";
    const key = witnessKey("C14010");
    const line = (time: number, signedTime = time) =>
      c.cosignatureLine(name, key.publicKey, time, key.sign(c.cosignatureMessage(read.body, signedTime)));
    const times = async (...lines: string[]) =>
      c.cosignedAt(c.readCheckpoint(c.noteOf(read.body, lines)), name, key.publicKey);
    expect(await times(line(300), line(100), line(200))).toBe(100);
    expect(await times(line(300), line(1, 2))).toBe(300);
    expect(await times(line(1, 2))).toBeUndefined();
  });

  it("ignores lines of keys that it is not asked about", async () => {
    const stranger = ed25519("stranger");
    const line = c.signatureLine(
      "example.org/log",
      c.logKeyId("example.org/log", stranger.publicKey),
      stranger.sign(utf8(read.body)),
    );
    expect(await c.signedByLog(c.readCheckpoint(`${note}${line}\n`), logKey(issuer).publicKey)).toBe(true);
  });

  it.each([
    ["without signatures", read.body],
    ["with an empty list of signatures", `${read.body}\n`],
    ["without the last newline", note.slice(0, -1)],
    ["with a fourth line", note.replace("\n\n", "\nmore\n\n")],
    ["with another origin", note.replaceAll("cunzheng/C46010/1\n", "sunzheng/C46010/1\n")],
    ["with leading zeros", note.replace("\n4711\n", "\n04711\n")],
    ["with a negative size", note.replace("\n4711\n", "\n-1\n")],
    ["with a size beyond 2^53", note.replace("\n4711\n", "\n9007199254740992\n")],
    ["with a short root", note.replace(/=\n\n/, "\n\n")],
    ["with a hyphen for the dash", note.replace("\u2014", "-")],
    ["with two spaces", note.replace("\u2014 ", "\u2014  ")],
    ["with carriage returns", note.replaceAll("\n", "\r\n")],
    ["that is too long", note + note.split("\n\n")[1]!.repeat(200)],
  ])("refuses a note %s", (_, text) => {
    expect(() => c.readCheckpoint(text)).toThrow(FormatError);
  });

  it("throws nothing but FormatError, whatever it reads", () => {
    fc.assert(
      fc.property(fc.nat(note.length), fc.string({ maxLength: 4 }), (at, insert) => {
        const changed = note.slice(0, at) + insert + note.slice(at + 1);
        const checkpoint = unlessRefused(() => c.readCheckpoint(changed));
        expect(checkpoint === undefined || changed.startsWith(c.checkpointBody(checkpoint))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
