import { createHash } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { finishDrawn, issueCertificates, issueEach } from "../../service/src/certificates/certificate.ts";
import type { Certificates } from "../../service/src/certificates/certificate.ts";
import { fileAtLevel } from "../../service/src/certificates/level-file.ts";
import { readSerial } from "../../service/src/certificates/serial.ts";
import { standingOf } from "../../service/src/certificates/standing.ts";
import { byIds } from "../../service/src/certificates/store.ts";
import { findWrite } from "../../service/src/chain/outbox.ts";
import { sequence } from "../../service/src/log/log.ts";
import { readCertificateLeaf } from "../../service/src/proof/leaf.ts";
import { failingOnce } from "../helpers/faults.ts";
import { deposit } from "../withdrawals/world.ts";
import { allSound, makeCentre, start, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
let certificates: Certificates;
beforeAll(async () => {
  world = await makeCentre(300);
  ({ certificates } = world);
});
afterEach(() => {
  world.clock.now = start;
});

const issue = async (...wishes: ReturnType<typeof wish>[]) => issueCertificates(certificates, wishes);
const recordOf = (row: { record: string }) =>
  JSON.parse(row.record) as { fields: { balanceYuan: string }; ledgerEntry: string };
const counts = async () =>
  (
    await certificates.pool.query(
      `select (select count(*)::int from certificate) as drawn, (select count(*)::int from certificate_issue) as issued,
         (select count(*)::int from log_leaf) as leaves`,
    )
  ).rows[0] as { drawn: number; issued: number; leaves: number };

/** What the seal covers, read from the file as it is. */
function sealedDigest(pdf: Buffer): string {
  const [, a, b, c] = /\/ByteRange ?\[0 (\d+) (\d+) (\d+) *\]/.exec(pdf.toString("latin1"))!.map(Number) as [
    number,
    number,
    number,
    number,
  ];
  expect(b + c).toBe(pdf.length);
  return createHash("sha256").update(pdf.subarray(0, a)).update(pdf.subarray(b)).digest("hex");
}

describe("a certificate", () => {
  it("states what the ledger holds, as of a named entry, and its leaf names the file", async () => {
    const [row] = await issue(wish(1));
    expect(recordOf(row!).fields.balanceYuan).toBe("1234.56");
    const { rows } = await certificates.pool.query<{ last_entry: bigint }>(
      "select last_entry from account where owner = 'dep_1'",
    );
    expect(recordOf(row!).ledgerEntry).toBe(String(rows[0]!.last_entry));
    const leaf = readCertificateLeaf(JSON.parse(row!.leaf!));
    expect(leaf).toMatchObject({
      centre: "C46010",
      serial: row!.serial,
      issuedAt: "2026-11-22T10:00:00+08:00",
      validUntil: "2026-12-22",
    });
    const pdf = (await fileAtLevel(certificates.pool, row!.id))!.file;
    expect(sealedDigest(pdf)).toBe(leaf.sealedDigest);
    expect((await fileAtLevel(certificates.pool, row!.id))!.file.equals(pdf)).toBe(true);
    expect(readSerial(row!.serial)).toMatchObject({ issuer: "12460000000000000C", version: "001" });
    expect(await sequence(world.log)).toBe(1);
    await allSound(world);
  });

  it("asked for again under the same key is the same one, to the last byte", async () => {
    const one = wish(2);
    const [first] = await issue(one);
    const { file: pdf } = (await fileAtLevel(certificates.pool, first!.id))!;
    const before = await counts();
    world.clock.now = new Date(start.getTime() + 86_400_000);
    const [again] = await issue(one);
    expect(again).toEqual(first);
    expect((await fileAtLevel(certificates.pool, again!.id))!.file.equals(pdf)).toBe(true);
    expect(await counts()).toEqual(before);
    await expect(issue({ ...one, purpose: "办理个人住房商业贷款" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
    await expect(issue({ ...one, subjectId: "dep_3" })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
    expect(await counts()).toEqual(before);
    // The same key of another requester is another wish.
    const [other] = await issue({ ...one, requestedBy: "staff_1" });
    expect(other!.id).not.toBe(first!.id);
  });

  it("asked for ten times at the same moment is one", async () => {
    const one = wish(3);
    const before = await counts();
    const rows = await Promise.all(Array.from({ length: 10 }, () => issue(one)));
    expect(new Set(rows.map(([row]) => row!.id)).size).toBe(1);
    expect(await counts()).toEqual({ drawn: before.drawn + 1, issued: before.issued + 1, leaves: before.leaves + 1 });
  });

  it("keeps its figures when the ledger moves between drawing and sealing", async () => {
    const moving: Certificates = {
      ...certificates,
      onStep: async (step) => (step === "drawn" ? deposit(certificates.pool, [4], 100n) : undefined),
    };
    const [row] = await issueCertificates(moving, [wish(4)]);
    expect(recordOf(row!).fields.balanceYuan).toBe("1234.56");
    expect(recordOf((await issue(wish(4)))[0]!).fields.balanceYuan).toBe("1235.56");
  });

  it("is not drawn for nobody, for a closed account or in an unknown kind, and takes nothing with it", async () => {
    const before = await counts();
    await certificates.pool.query("update depositor set state = '05' where id = 'dep_5'");
    for (const [changes, code] of [
      [{ subjectId: "dep_none" }, "DEPOSITOR_NOT_FOUND"],
      [{ subjectId: "dep_5" }, "ACCOUNT_CLOSED"],
      [{ kind: "loan" }, "CERTIFICATE_KIND_UNKNOWN"],
    ] as const)
      // In a bulk it takes the others with it: they are asked for together.
      await expect(issue(wish(6), wish(6, changes))).rejects.toMatchObject({ code });
    expect(await counts()).toEqual(before);
    await certificates.pool.query("update depositor set state = '01' where id = 'dep_5'");
  });
});

/** A process that dies at a step. */
const cut = (step: string): Certificates => ({
  ...certificates,
  onStep: (at) => {
    if (at === step) throw new Error(`killed when ${step}`);
  },
});

describe("one of many that is refused", () => {
  it("stops none of the others, and leaves nothing behind", async () => {
    const before = await counts();
    const outcomes = await issueEach(certificates, [wish(20), wish(21, { subjectId: "dep_none" }), wish(22)]);
    expect(outcomes).toMatchObject([
      { depositorId: "dep_20", issuedAt: start },
      { code: "DEPOSITOR_NOT_FOUND" },
      { depositorId: "dep_22", issuedAt: start },
    ]);
    const after = await counts();
    expect([after.drawn - before.drawn, after.issued - before.issued, after.leaves - before.leaves]).toEqual([2, 2, 2]);
  });

  it("stops all of them when all or none were asked for", async () => {
    const before = await counts();
    await expect(issue(wish(20), wish(21, { subjectId: "dep_none" }))).rejects.toMatchObject({
      code: "DEPOSITOR_NOT_FOUND",
    });
    expect(await counts()).toEqual(before);
  });
});

describe("a replacement", () => {
  const standing = async (id: string) => standingOf((await byIds(certificates.pool, [id]))[0]!, start);

  it("ends the earlier one as superseded, here and on the chain, when it is issued", async () => {
    const [earlier] = await issue(wish(30));
    const asked = wish(30, { supersedes: earlier!.id });
    await expect(issueCertificates(cut("sealed"), [asked])).rejects.toThrow("killed");
    expect(await standing(earlier!.id)).toEqual({ standing: "valid" });
    const [newer] = await issue(asked);
    expect(newer!.supersedes).toBe(earlier!.id);
    expect(await standing(earlier!.id)).toMatchObject({ standing: "superseded", reason: 3 });
    expect(await standing(newer!.id)).toEqual({ standing: "valid" });
    expect(await findWrite(certificates.pool, `revoke/${earlier!.statusIndex}`)).toMatchObject({ lane: "status" });
    expect((await issue(asked))[0]!.id).toBe(newer!.id);
  });

  it("is not made of another account's, of one that has ended, or twice", async () => {
    const [earlier] = await issue(wish(31));
    const refused = { code: "CERTIFICATE_NOT_REPLACEABLE" };
    await expect(issue(wish(32, { supersedes: earlier!.id }))).rejects.toMatchObject(refused);
    await expect(issue(wish(31, { supersedes: "cert_0000000000000000" }))).rejects.toMatchObject(refused);
    const both = await Promise.allSettled([1, 2].map(() => issue(wish(31, { supersedes: earlier!.id }))));
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find((one) => one.status === "rejected")).toMatchObject({ reason: refused });
    await expect(issue(wish(31, { supersedes: earlier!.id }))).rejects.toMatchObject(refused);
  });

  it("is no consequence of asking again: copies stand side by side", async () => {
    const [one, other] = await issue(wish(33), wish(33));
    expect([await standing(one!.id), await standing(other!.id)]).toEqual([
      { standing: "valid" },
      { standing: "valid" },
    ]);
  });
});

describe("three hundred at once", () => {
  it("have numbers, indexes, tokens, leaves and files of their own, in the order of the wishes", async () => {
    const wishes = Array.from({ length: 300 }, (_, i) => wish(i + 1));
    const rows = await issue(...wishes);
    expect(rows.map((row) => row.depositorId)).toEqual(wishes.map((one) => one.subjectId));
    for (const of of [
      (row: (typeof rows)[number]) => row.serial,
      (row: (typeof rows)[number]) => String(row.statusIndex),
      (row: (typeof rows)[number]) => row.standingToken.toString(),
      (row: (typeof rows)[number]) => String(row.leafId),
      (row: (typeof rows)[number]) => readCertificateLeaf(JSON.parse(row.leaf!)).sealedDigest,
    ])
      expect(new Set(rows.map(of)).size).toBe(300);
    await sequence(world.log);
    await allSound(world);
  });
});

describe("a step that is cut off", () => {
  it.each([
    ["drawn", { drawn: 1, issued: 0, leaves: 0 }],
    ["sealed", { drawn: 1, issued: 0, leaves: 0 }],
    ["issuing", { drawn: 1, issued: 0, leaves: 0 }],
    ["issued", { drawn: 1, issued: 1, leaves: 1 }],
  ])("when %s leaves what the next one finishes, once", async (step, left) => {
    const one = wish(10);
    const before = await counts();
    await expect(issueCertificates(cut(step), [one])).rejects.toThrow("killed");
    expect(await counts()).toEqual({
      drawn: before.drawn + left.drawn,
      issued: before.issued + left.issued,
      leaves: before.leaves + left.leaves,
    });
    // Not before it is certain that nobody is at it.
    expect(await finishDrawn(certificates, 10_000)).toBe(0);
    world.clock.now = new Date(start.getTime() + 10_001);
    expect(await finishDrawn(certificates, 10_000)).toBe(1 - left.issued);
    const [row] = await issue(one);
    expect(await counts()).toEqual({ drawn: before.drawn + 1, issued: before.issued + 1, leaves: before.leaves + 1 });
    // What it says is of when it was drawn.
    expect(row!.drawnAt).toEqual(start);
    await allSound(world);
  });

  it.each([
    [/insert into certificate /, false],
    [/insert into certificate_issue/, false],
    [/insert into log_leaf/, false],
    [/^commit$/, false],
    [/^commit$/, true],
  ])("at %s in the database (done: %s) is made good by the same wish", async (pattern, done) => {
    const one = wish(11);
    const before = await counts();
    const broken = failingOnce(certificates.pool, pattern, done);
    await expect(issueCertificates({ ...certificates, pool: broken.pool }, [one])).rejects.toThrow(/cut|lost/);
    const [row] = await issue(one);
    expect(row!.issuedAt).not.toBeNull();
    expect(await counts()).toEqual({ drawn: before.drawn + 1, issued: before.issued + 1, leaves: before.leaves + 1 });
    await allSound(world);
  });

  it("by two replicas that seal the same certificate stores one file, and both answer with it", async () => {
    const one = wish(12);
    await expect(issueCertificates(cut("drawn"), [one])).rejects.toThrow("killed");
    let sealed = 0;
    let go: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (go = resolve));
    const replica: Certificates = {
      ...certificates,
      onStep: async (step) => {
        if (step !== "sealed") return;
        if (++sealed === 2) go();
        await both;
      },
    };
    const [a, b] = await Promise.all([issueCertificates(replica, [one]), issueCertificates(replica, [one])]);
    expect(a).toEqual(b);
    expect(sealed).toBe(2);
    expect((await byIds(certificates.pool, [a[0]!.id]))[0]!.leaf).toBe(a[0]!.leaf);
    await sequence(world.log);
    await allSound(world);
  });
});

it("what is drawn and issued stays, whoever is connected", async () => {
  for (const sql of [
    "update certificate set record = record",
    "delete from certificate",
    "truncate certificate cascade",
    "update certificate_issue set suffix = ''",
    "delete from certificate_issue",
    "update certificate_template set kind = 'x'",
    "delete from certificate_template",
  ])
    await expect(certificates.pool.query(sql)).rejects.toMatchObject({ code: "CZ501" });
});
