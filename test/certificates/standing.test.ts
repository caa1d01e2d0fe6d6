import { beforeAll, describe, expect, it } from "vitest";
import { issueCertificates } from "../../service/src/certificates/certificate.ts";
import {
  confirmRevocation,
  proposeRevocation,
  receiptOf,
  standingOf,
  standingOn,
} from "../../service/src/certificates/standing.ts";
import type { SubmitRevocation } from "../../service/src/certificates/standing.ts";
import { byIds } from "../../service/src/certificates/store.ts";
import { enqueueWrite, findWrite } from "../../service/src/chain/outbox.ts";
import { anchor } from "../../service/src/log/anchorer.ts";
import { sequence } from "../../service/src/log/log.ts";
import { fromHex } from "../../service/src/proof/bytes.ts";
import { readCheckpoint } from "../../service/src/proof/checkpoint.ts";
import { leafDigest } from "../../service/src/proof/leaf.ts";
import { readReceipt } from "../../service/src/proof/receipt.ts";
import { leafHash, verifyInclusion } from "../../service/src/proof/tree.ts";
import { failingOnce } from "../helpers/faults.ts";
import { naiveRoot, onChain, placed } from "../log/world.ts";
import { allSound, makeCentre, start, submitRevocation, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
beforeAll(async () => {
  world = await makeCentre(9);
});

const issued = async (n: number) => (await issueCertificates(world.certificates, [wish(n)]))[0]!;
const again = async (id: string) => (await byIds(world.certificates.pool, [id]))[0]!;
const propose = (certificateId: string, changes: object = {}) =>
  proposeRevocation(world.certificates.pool, {
    certificateId,
    reason: 1,
    note: "基数录入错误",
    proposedBy: "staff_clerk",
    now: start,
    ...changes,
  });
const confirm = (certificateId: string, confirmedBy: string, pool = world.certificates.pool) =>
  confirmRevocation(pool, submitRevocation, { certificateId, confirmedBy, now: start });

describe("validity", () => {
  it("ends at 24:00 of its last day in Asia/Shanghai", async () => {
    const row = await issued(1);
    expect(row.validUntil).toBe("2026-12-22");
    const at = (time: string) => standingOf(row, new Date(time)).standing;
    expect([at("2026-12-22T15:59:59.999Z"), at("2026-12-22T16:00:00Z")]).toEqual(["valid", "expired"]);
  });

  it("of one that is drawn just after midnight in Shanghai counts from that day", async () => {
    world.clock.now = new Date("2026-11-22T16:00:00Z");
    const row = await issued(1);
    expect([row.validUntil, row.serial.split(".")[7]!.slice(0, 6)]).toEqual(["2026-12-23", "261123"]);
    world.clock.now = start;
  });
});

describe("revocation", () => {
  it("takes two officers, also before the log has taken the certificate in", async () => {
    const { id, statusIndex } = await issued(2);
    await expect(confirm(id, "staff_checker")).rejects.toMatchObject({ code: "REVOCATION_NOT_PROPOSED" });
    await propose(id);
    await propose(id);
    for (const changes of [{ proposedBy: "staff_other" }, { reason: 2 }, { note: "x" }])
      await expect(propose(id, changes)).rejects.toMatchObject({ code: "REVOCATION_EXISTS" });
    expect(standingOf(await again(id), start)).toEqual({ standing: "valid" });
    await expect(confirm(id, "staff_clerk")).rejects.toMatchObject({ code: "FOUR_EYES_NEEDED" });
    await confirm(id, "staff_checker");
    await confirm(id, "staff_third");
    expect(standingOf(await again(id), start)).toEqual({ standing: "revoked", reason: 1, since: start.toISOString() });
    expect(await findWrite(world.certificates.pool, `revoke/${statusIndex}`)).toMatchObject({
      state: "queued",
      lane: "status",
    });
    expect((await again(id)).revocation!.confirmedBy).toBe("staff_checker");
  });

  it("the same proposed twice at the same moment is one", async () => {
    const { id } = await issued(2);
    await Promise.all(Array.from({ length: 8 }, () => propose(id)));
    expect((await again(id)).revocation).toMatchObject({ confirmedAt: null });
  });

  it("confirmed by two at the same moment is told to the chain once", async () => {
    const { id } = await issued(3);
    await propose(id);
    await Promise.all(["staff_a", "staff_b"].map((by) => confirm(id, by)));
    expect(standingOf(await again(id), start).standing).toBe("revoked");
  });

  it("says of none by hand that a newer one replaced it", async () => {
    const { id } = await issued(6);
    await expect(propose(id, { reason: 3 })).rejects.toMatchObject({ code: "REVOCATION_WITHOUT_SUCCESSOR" });
    expect((await again(id)).revocation).toBeNull();
  });

  it.each([false, true])("that breaks at its commit (done: %s) is whole or not there", async (done) => {
    const { id, statusIndex } = await issued(4);
    await propose(id);
    const broken = failingOnce(world.certificates.pool, /^commit$/, done);
    await expect(confirm(id, "staff_checker", broken.pool)).rejects.toThrow(/cut|lost/);
    expect((await findWrite(world.certificates.pool, `revoke/${statusIndex}`)) !== undefined).toBe(done);
    expect(standingOf(await again(id), start).standing).toBe(done ? "revoked" : "valid");
    await confirm(id, "staff_checker");
    expect(standingOf(await again(id), start).standing).toBe("revoked");
  });

  it("stays, and nobody confirms their own, whoever is connected", async () => {
    const { id } = await issued(5);
    await propose(id);
    const { pool } = world.certificates;
    await expect(
      pool.query(
        "update certificate_revocation set confirmed_by = proposed_by, confirmed_at = now(), chain_write_id = 1 where certificate_id = $1",
        [id],
      ),
    ).rejects.toMatchObject({ constraint: "certificate_revocation_four_eyes" });
    await confirm(id, "staff_checker");
    for (const sql of [
      "update certificate_revocation set reason = 6",
      "update certificate_revocation set confirmed_by = null, confirmed_at = null, chain_write_id = null where confirmed_by is not null",
      "delete from certificate_revocation",
    ])
      await expect(pool.query(sql)).rejects.toMatchObject({ code: "CZ502" });
    await expect(propose("cert_0000000000000000")).rejects.toMatchObject({ code: "CERTIFICATE_NOT_FOUND" });
  });
});

describe("a receipt", () => {
  it("tells how far log and chain have come, and is well-formed and true at every step", async () => {
    const { certificates, log } = world;
    const { pool } = certificates;
    const source = { centre: "C46010", chainId: 20260, consortium: async () => ({ witnessQuorum: 2 }) };
    const { id } = await issued(6);
    const receipt = async () => readReceipt(JSON.parse(JSON.stringify(await receiptOf(source, pool, await again(id)))));
    expect(await receipt()).toMatchObject({ index: null, proof: [], checkpoint: null, anchor: null });

    await sequence(log);
    const logged = await receipt();
    expect(logged.anchor).toBeNull();
    const checkpoint = readCheckpoint(logged.checkpoint!);
    expect(
      verifyInclusion(
        leafHash(leafDigest(logged.leaf)),
        logged.index!,
        checkpoint.size,
        logged.proof.map((step) => fromHex(step)),
        checkpoint.root,
      ),
    ).toBe(true);

    const submitAnchor = async (tx: Parameters<SubmitRevocation>[0], epoch: number, size: number) =>
      enqueueWrite(tx, {
        lane: "anchor",
        key: `anchor/${epoch}/${size}`,
        to: `0x${"03".repeat(20)}`,
        data: Buffer.from("0badc0de", "hex"),
      });
    await anchor(log, submitAnchor);
    expect((await receipt()).anchor).toBeNull();
    await onChain(pool, "C46010", checkpoint.size, naiveRoot(await placed(pool)), 4711);
    await anchor(log, submitAnchor);
    expect((await receipt()).anchor).toMatchObject({ chainId: 20260, contract: `0x${"07".repeat(20)}`, block: 4711 });

    // It stays with that checkpoint when the log goes on.
    await issued(7);
    await sequence(log);
    expect((await receipt()).checkpoint).toBe(logged.checkpoint);
    await allSound(world);
  });

  it("of what is only drawn does not exist", async () => {
    const cut = {
      ...world.certificates,
      onStep: () => {
        throw new Error("killed");
      },
    };
    const one = wish(8);
    await expect(issueCertificates(cut, [one])).rejects.toThrow("killed");
    const { rows } = await world.certificates.pool.query<{ id: string }>(
      "select id from certificate where request_key = $1",
      [one.requestKey],
    );
    const source = { centre: "C46010", chainId: 20260, consortium: async () => ({ witnessQuorum: 2 }) };
    await expect(receiptOf(source, world.certificates.pool, await again(rows[0]!.id))).rejects.toMatchObject({
      code: "CERTIFICATE_NOT_FOUND",
    });
  });
});

describe("standing on a past day", () => {
  it("is judged by the end of the day: before it was issued, while it was good, after it was revoked or expired", async () => {
    const { id } = await issued(5);
    world.clock.now = new Date("2026-11-25T03:00:00Z");
    await propose(id);
    await confirmRevocation(world.certificates.pool, submitRevocation, {
      certificateId: id,
      confirmedBy: "staff_checker",
      now: world.clock.now,
    });
    world.clock.now = start;
    const row = await again(id);
    const on = (day: string) => standingOn(row, day);
    expect(on("2026-11-21")).toEqual({ standing: "not-yet-issued" });
    expect([on("2026-11-22").standing, on("2026-11-24").standing]).toEqual(["valid", "valid"]);
    const revoked = { standing: "revoked", reason: 1, since: "2026-11-25T03:00:00.000Z" };
    expect([on("2026-11-25"), on("2027-05-01")]).toEqual([revoked, revoked]);
    expect(standingOf(row, new Date("2026-11-24T15:59:59Z")).standing).toBe("valid");
    const unrevoked = { ...row, revocation: null };
    expect(standingOn(unrevoked, "2026-12-22").standing).toBe("valid");
    expect(standingOn(unrevoked, "2026-12-23")).toEqual({ standing: "expired" });
    expect(standingOn({ ...row, issuedAt: null }, "2026-11-23")).toEqual({ standing: "not-yet-issued" });
  });

  it("counts what only the chain knows, and tells when either said so", async () => {
    const row = await again((await issued(5)).id);
    const chain = { reason: 2, at: new Date("2026-11-26T00:00:07Z") };
    expect(standingOn(row, "2026-11-25", chain)).toEqual({ standing: "valid" });
    expect(standingOn(row, "2026-11-26", chain)).toEqual({
      standing: "revoked",
      reason: 2,
      since: "2026-11-26T00:00:07.000Z",
      sinceOnChain: "2026-11-26T00:00:07.000Z",
    });
    const revocation = { reason: 3, proposedBy: "a", proposedAt: start, confirmedBy: "b", confirmedAt: start };
    expect(standingOn({ ...row, revocation }, "2026-11-26", chain)).toEqual({
      standing: "superseded",
      reason: 3,
      since: start.toISOString(),
      sinceOnChain: "2026-11-26T00:00:07.000Z",
    });
    // Revoked after it had expired, too: the stronger word stays.
    expect(standingOn(row, "2027-01-01", { ...chain, at: new Date("2026-12-31T00:00:00Z") }).standing).toBe("revoked");
  });
});
