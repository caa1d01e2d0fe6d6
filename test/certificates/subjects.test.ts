import { beforeAll, describe, expect, it } from "vitest";
import { issueCertificates } from "../../service/src/certificates/certificate.ts";
import { loansOfPerson, subjectsFor } from "../../service/src/certificates/subjects.ts";
import { makeCentre, start, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
beforeAll(async () => {
  world = await makeCentre(2);
});

describe("what a person can have certificates of", () => {
  it("is nothing but accounts while no register of loans is there", async () => {
    expect(await loansOfPerson(world.certificates.pool, "pers_1")).toEqual([]);
    expect(await loansOfPerson(world.certificates.pool, "pers_unknown")).toEqual([]);
  });

  it("is shown to an officer with a trace, or not at all", async () => {
    const { pool, random } = world.certificates;
    const traces = { centre: "C46010", now: () => start, random };
    const [issued] = await issueCertificates(world.certificates, [wish(1)]);
    const found = await subjectsFor(pool, traces, "pers_1", "staff_clerk");
    expect(found.certificates.map(({ id }) => id)).toEqual([issued!.id]);
    const written = async () => (await pool.query("select kind, actor, person_id from trace")).rows;
    expect(await written()).toEqual([{ kind: "certificate-subjects", actor: "staff_clerk", person_id: "pers_1" }]);
    const broken = { ...traces, random: () => Buffer.alloc(0) };
    await expect(subjectsFor(pool, broken, "pers_1", "staff_clerk")).rejects.toBeInstanceOf(Error);
  });
});
