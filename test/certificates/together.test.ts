// Single wishes that come at once are issued together, and each gets its own answer.
import { beforeAll, describe, expect, it } from "vitest";
import type { CertificateKind } from "../../service/src/certificates/kinds/kind.ts";
import { issueTogether } from "../../service/src/certificates/together.ts";
import { allSound, makeCentre, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
beforeAll(async () => {
  world = await makeCentre(80);
});

describe("wishes that come at the same time", () => {
  it("are issued in few batches, each with its own certificate or refusal", async () => {
    let batches = 0;
    const issue = issueTogether({
      ...world.certificates,
      onStep: (step) => {
        if (step === "drawn") batches++;
      },
    });
    const same = wish(3);
    const wishes = [
      ...Array.from({ length: 60 }, (_, i) => wish(i + 1)),
      wish(1, { subjectId: "dep_none" }),
      same,
      same,
    ];
    const outcomes = await Promise.allSettled(wishes.map(issue));
    expect(batches).toBeLessThan(8);
    expect(outcomes[60]).toMatchObject({ status: "rejected", reason: { code: "DEPOSITOR_NOT_FOUND" } });
    const issued = outcomes.flatMap((one, i) => (one.status === "fulfilled" ? [[one.value, i] as const] : []));
    expect(issued).toHaveLength(62);
    for (const [certificate, i] of issued) expect(certificate.depositorId).toBe(wishes[i]!.subjectId);
    expect(new Set(issued.map(([{ id }]) => id)).size).toBe(61);
    for (const [{ issuedAt }] of issued) expect(issuedAt).not.toBeNull();
    await allSound(world);
  });

  it("are not failed by one whose step breaks: each is tried by itself", async () => {
    let broken = 0;
    const issue = issueTogether({
      ...world.certificates,
      kinds: new Map(
        [...world.certificates.kinds].map(([code, { kind, template }]) => [code, { kind: fragile(kind), template }]),
      ),
    });
    function fragile(kind: CertificateKind): CertificateKind {
      return {
        ...kind,
        values: (record) => {
          const values = kind.values(record);
          if (values.accountNumber?.endsWith("00000070")) {
            broken++;
            throw new Error("a bug in one certificate");
          }
          return values;
        },
      };
    }
    const outcomes = await Promise.allSettled([69, 70, 71, 72].map((n) => issue(wish(n))));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(broken).toBeGreaterThan(0);
    await allSound(world);
  });
});
