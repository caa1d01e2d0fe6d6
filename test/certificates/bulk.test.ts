// Bulk issue over a real database: everyone gets one certificate, whatever fails in between, and nobody gets two.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import { runBulkIssues } from "../../service/src/certificates/bulk-run.ts";
import { noteAsked, paceOf } from "../../service/src/certificates/bulk-pace.ts";
import { confirmBulkIssue } from "../../service/src/certificates/bulk.ts";
import type { Certificates } from "../../service/src/certificates/certificate.ts";
import { certificateRoutes } from "../../service/src/certificates/routes.ts";
import type { CertificateContext } from "../../service/src/certificates/routes.ts";
import type { JobLog } from "../../service/src/jobs.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";
import { signedIn } from "../helpers/sessions.ts";
import { accountNumber, openDepositors } from "../withdrawals/world.ts";
import { allSound, makeCentre, start, submitRevocation } from "./world.ts";
import type { CentreWorld } from "./world.ts";

const persons = 130;
let world: CentreWorld;
let app: App;
const cookies: Record<string, string> = {};

beforeAll(async () => {
  world = await makeCentre(persons);
  const { certificates } = world;
  const { pool, random } = certificates;
  ({ app } = await buildTestApp(pool, [certificateRoutes as unknown as Domain], {
    context: {
      now: () => world.clock.now,
      certificates,
      logEpoch: 1,
      traces: { centre: "C46010", now: () => start, random },
      receipts: { centre: "C46010", chainId: 20260, consortium: async () => ({ witnessQuorum: 2 }) },
      submitRevocation,
    } as Partial<CertificateContext>,
  }));
  for (const [id, roles] of [
    ["pers_1", []],
    ["staff_clerk", ["clerk"]],
    ["staff_both", ["clerk", "checker"]],
    ["staff_checker", ["checker"]],
    ["staff_auditor", ["auditor"]],
  ] as const)
    cookies[id] = await signedIn(pool, id, start, roles);
});
afterAll(() => app.close());

const path = "/api/v1/desk/bulk-issues";
const get = (url: string, who?: string) => app.inject({ url, headers: who ? { cookie: cookies[who]! } : {} });
const post = (url: string, who?: string, payload: object = {}, key = randomBytes(16).toString("hex")) =>
  app.inject({
    method: "POST",
    url,
    payload,
    headers: { ...ownOrigin, "idempotency-key": key, ...(who ? { cookie: cookies[who]! } : {}) },
  });
const ofUnit = { kind: "deposit", scope: "unit", dwzh: "46010001" };
const ofCentre = { kind: "deposit", scope: "centre" };
interface Run {
  id: string;
  state: string;
  total: number;
  issued: number;
  refused: number;
  perSecond: number | null;
  endsAt: string | null;
  proposedBy: string;
  officers: Record<string, string>;
}
async function asked(body: object = ofUnit, who = "staff_clerk"): Promise<Run> {
  const answer = await post(path, who, body);
  expect(answer.statusCode).toBe(201);
  return answer.json().bulkIssue as Run;
}
const again = async (id: string) => (await get(`${path}/${id}`, "staff_clerk")).json().bulkIssue as Run;
const never = new AbortController().signal;
const toTheEnd = async (certificates = world.certificates) => {
  while ((await runBulkIssues(certificates, never)) === "again");
};

/** How many certificates a run made, and how many depositors, numbers and status indexes they have between them. */
async function madeBy(id: string): Promise<{ made: number; issued: number; distinct: number[] }> {
  const { rows } = await world.certificates.pool.query<Record<"made" | "issued" | "d" | "s" | "i", bigint>>(
    `select count(*) as made, count(i.certificate_id) as issued, count(distinct depositor_id) as d, count(distinct serial) as s,
       count(distinct status_index) as i
     from certificate c left join certificate_issue i on i.certificate_id = c.id where request_key like $1 || '/%'`,
    [id],
  );
  const { made, issued, d, s, i } = rows[0]!;
  return { made: Number(made), issued: Number(issued), distinct: [Number(d), Number(s), Number(i)] };
}
const everyone = (count = persons) => ({ made: count, issued: count, distinct: [count, count, count] });

describe("a bulk issue for a unit", () => {
  it("gives every depositor one certificate, and says how far it is", async () => {
    const run = await asked();
    expect(run).toMatchObject({ state: "running", total: persons, issued: 0, refused: 0, perSecond: null });
    expect(Object.keys(run.officers)).toEqual(["staff_clerk"]);
    await toTheEnd();
    expect(await again(run.id)).toMatchObject({ state: "done", total: persons, issued: persons, refused: 0 });
    expect(await madeBy(run.id)).toEqual(everyone());
    const { pace } = (await get(`${path}/${run.id}`, "staff_auditor")).json() as { pace: { done: number }[] };
    expect(pace.reduce((sum, { done }) => sum + done, 0)).toBe(persons);
    await allSound(world);
  });

  it("with the same key is the same run, and with another wish refused", async () => {
    const key = randomBytes(16).toString("hex");
    const [a, b] = [await post(path, "staff_clerk", ofUnit, key), await post(path, "staff_clerk", ofUnit, key)];
    expect(b.json().bulkIssue.id).toBe(a.json().bulkIssue.id);
    const other = await post(path, "staff_clerk", { ...ofUnit, purpose: "其他" }, key);
    expect([other.statusCode, other.json().code]).toEqual([409, "IDEMPOTENCY_KEY_REUSED"]);
    await post(`${path}/${a.json().bulkIssue.id}/cancel`, "staff_clerk");
  });

  it("is refused for a unit that is not there, for a scope that does not fit, and to whoever may not", async () => {
    const code = async (body: object, who?: string) => (await post(path, who, body)).json().code as string;
    expect(await code({ ...ofUnit, dwzh: "9" }, "staff_clerk")).toBe("UNIT_NOT_FOUND");
    expect(await code({ ...ofUnit, scope: "centre" }, "staff_clerk")).toBe("INVALID_REQUEST");
    expect(await code({ ...ofCentre, scope: "unit" }, "staff_clerk")).toBe("INVALID_REQUEST");
    expect(await code({ ...ofUnit, details: { a: 1 } }, "staff_clerk")).toBe("INVALID_REQUEST");
    expect(await code({ ...ofUnit, kind: "nothing" }, "staff_clerk")).toBe("INVALID_REQUEST");
    expect(await code(ofUnit, "staff_checker")).toBe("NOT_ALLOWED");
    expect(await code(ofUnit, "pers_1")).toBe("NOT_ALLOWED");
    expect(await code(ofUnit)).toBe("NOT_SIGNED_IN");
    expect((await get(path, "pers_1")).statusCode).toBe(403);
    expect((await get(`${path}/bulk_0000000000000000`, "staff_clerk")).json().code).toBe("BULK_ISSUE_NOT_FOUND");
  });

  it("goes on where it was cut off, at every step, and doubles nothing", async () => {
    for (const step of ["drawn", "sealed", "issuing", "issued"] as const) {
      const run = await asked();
      let times = 0;
      const cut: Certificates = {
        ...world.certificates,
        onStep: (at) => {
          // As an outage, which is not the depositors' fault: the batch is not tried one by one.
          if (at === step && ++times <= 1) throw Object.assign(new Error("killed"), { code: "ECONNRESET" });
        },
      };
      await expect(runBulkIssues(cut, never)).rejects.toMatchObject({ cause: { message: "killed" } });
      await toTheEnd();
      expect(await again(run.id)).toMatchObject({ state: "done", issued: persons, refused: 0 });
      expect(await madeBy(run.id)).toEqual(everyone());
    }
    await allSound(world);
  });

  it("done by several at once gives everyone one certificate", async () => {
    const run = await asked();
    await Promise.all([toTheEnd(), toTheEnd(), toTheEnd()]);
    expect(await again(run.id)).toMatchObject({ state: "done", issued: persons });
    expect(await madeBy(run.id)).toEqual(everyone());
  });

  it("keeps whom the rules refuse, and lists them by their code", async () => {
    const { pool } = world.certificates;
    const closed = ["dep_3", "dep_77"];
    const run = await asked();
    // Closed between the reading of whom there is and the drawing, as may happen in a long run.
    const kind = world.certificates.kinds.get("deposit")!;
    const closing: Certificates = {
      ...world.certificates,
      kinds: new Map([
        [
          "deposit",
          {
            ...kind,
            kind: {
              ...kind.kind,
              read: async (tx, wishes, context) => {
                const ids = wishes.map(({ subjectId }) => subjectId).filter((id) => closed.includes(id));
                await tx.query("update depositor set state = '05' where id = any($1)", [ids]);
                return kind.kind.read(tx, wishes, context);
              },
            },
          },
        ],
      ]),
    };
    while ((await runBulkIssues(closing, never)) === "again");
    expect(await again(run.id)).toMatchObject({ state: "done", total: persons, issued: persons - 2, refused: 2 });
    const list = async (query: string) =>
      (await get(`${path}/${run.id}/refusals${query}`, "staff_clerk")).json() as {
        items: { grzh: string; code: string; name: string; zh: string }[];
        next: string | null;
      };
    const all = await list("");
    expect(all.items).toMatchObject([
      { grzh: accountNumber(3), code: "ACCOUNT_CLOSED", name: "测**" },
      { grzh: accountNumber(77), code: "ACCOUNT_CLOSED", name: "测***" },
    ]);
    const first = await list("?limit=1");
    const second = await list(`?limit=1&cursor=${first.next}`);
    expect([...first.items, ...second.items]).toEqual(all.items);
    expect(second.next).toBeNull();
    expect(await madeBy(run.id)).toEqual(everyone(persons - 2));
    await pool.query("update depositor set state = '01' where id = any($1)", [closed]);
  });

  it("holds up nobody for one whom we fail on, and says who that is", async () => {
    const run = await asked();
    const kind = world.certificates.kinds.get("deposit")!;
    const broken: Certificates = {
      ...world.certificates,
      kinds: new Map([
        [
          "deposit",
          {
            ...kind,
            kind: {
              ...kind.kind,
              read: (tx, wishes, context) => {
                if (wishes.some(({ subjectId }) => subjectId === "dep_5")) throw new Error("a bug");
                return kind.kind.read(tx, wishes, context);
              },
            },
          },
        ],
      ]),
    };
    const said: string[] = [];
    const log: JobLog = {
      info: () => undefined,
      warn: () => undefined,
      error: (details) => void said.push((details as { depositor: string }).depositor),
    };
    while ((await runBulkIssues(broken, never, log)) === "again");
    expect(await again(run.id)).toMatchObject({ state: "done", issued: persons - 1, refused: 1 });
    expect(said).toEqual(["dep_5"]);
    const { items } = (await get(`${path}/${run.id}/refusals`, "staff_clerk")).json() as { items: object[] };
    expect(items).toMatchObject([{ grzh: accountNumber(5), code: "BULK_ISSUE_ITEM_FAILED" }]);
  });
});

describe("a bulk issue for the whole centre", () => {
  it("waits for another officer, whoever is connected", async () => {
    const run = await asked(ofCentre, "staff_both");
    expect(run.state).toBe("proposed");
    await toTheEnd();
    expect(await madeBy(run.id)).toEqual(everyone(0));
    expect((await post(`${path}/${run.id}/confirm`, "staff_clerk")).json().code).toBe("NOT_ALLOWED");
    expect((await post(`${path}/${run.id}/confirm`, "staff_both")).json().code).toBe("FOUR_EYES_NEEDED");
    for (const set of ["state = 'running'", "state = 'running', confirmed_by = 'staff_both', confirmed_at = now()"])
      await expect(
        world.certificates.pool.query(`update bulk_issue set ${set} where id = $1`, [run.id]),
      ).rejects.toMatchObject({ code: "23514" });
    for (let time = 0; time < 2; time++)
      expect((await post(`${path}/${run.id}/confirm`, "staff_checker")).json().bulkIssue.state).toBe("running");
    await toTheEnd();
    expect(await madeBy(run.id)).toEqual(everyone());
    expect((await post(`${path}/${run.id}/cancel`, "staff_clerk")).json().code).toBe("BULK_ISSUE_ENDED");
  });

  it("stops when it is cancelled, keeps what was issued, and goes on when it is resumed and confirmed again", async () => {
    const run = await asked(ofCentre);
    await post(`${path}/${run.id}/confirm`, "staff_checker");
    noteAsked(world.certificates);
    const stopping = new AbortController();
    const seen: Certificates = { ...world.certificates, onStep: (at) => void (at === "issued" && stopping.abort()) };
    noteAsked(seen);
    await runBulkIssues(seen, stopping.signal);
    const stopped = (await post(`${path}/${run.id}/cancel`, "staff_checker")).json().bulkIssue as Run;
    expect(stopped).toMatchObject({ state: "cancelled", perSecond: null, endsAt: null });
    expect(stopped.issued).toBeGreaterThan(0);
    expect(stopped.issued).toBeLessThan(persons);
    await toTheEnd();
    expect(await madeBy(run.id)).toEqual(everyone(stopped.issued));
    const resumed = (await post(`${path}/${run.id}/resume`, "staff_both")).json().bulkIssue as Run;
    expect(resumed).toMatchObject({ state: "proposed", proposedBy: "staff_both" });
    const { pool } = world.certificates;
    await expect(confirmBulkIssue(pool, run.id, "staff_clerk", start)).rejects.toThrow("FOUR_EYES_NEEDED");
    await expect(confirmBulkIssue(pool, run.id, "staff_both", start)).rejects.toThrow("FOUR_EYES_NEEDED");
    await post(`${path}/${run.id}/confirm`, "staff_checker");
    const going = await again(run.id);
    expect(going.perSecond).toBeGreaterThan(0);
    expect(Date.parse(going.endsAt!)).toBeGreaterThan(world.clock.now.getTime());
    await toTheEnd();
    expect(await madeBy(run.id)).toEqual(everyone());
  });

  it("takes in an account that is opened meanwhile at most once, and counts exactly in the end", async () => {
    const run = await asked(ofCentre);
    await post(`${path}/${run.id}/confirm`, "staff_checker");
    noteAsked(world.certificates);
    const stopping = new AbortController();
    const seen: Certificates = { ...world.certificates, onStep: (at) => void (at === "issued" && stopping.abort()) };
    noteAsked(seen);
    await runBulkIssues(seen, stopping.signal);
    await openDepositors(world.certificates.pool, [501, 502], 100n);
    await toTheEnd();
    const done = await again(run.id);
    expect(done).toMatchObject({ state: "done", total: done.issued, refused: 0 });
    expect(await madeBy(run.id)).toEqual(everyone(done.issued));
    expect(done.issued).toBeGreaterThanOrEqual(persons);
  });
});

describe("the list of bulk issues", () => {
  it("is newest first, a page at a time", async () => {
    const page = async (query: string) =>
      (await get(`${path}${query}`, "staff_auditor")).json() as { items: Run[]; next: string | null };
    const all = await page("?limit=100");
    const first = await page("?limit=2");
    const second = await page(`?limit=2&cursor=${first.next}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.items.slice(0, 4).map(({ id }) => id));
    expect((await get(`${path}?cursor=abc`, "staff_auditor")).json().code).toBe("INVALID_REQUEST");
  });
});

describe("the pace", () => {
  it("is short batches one at a time while people ask, and long ones otherwise", () => {
    const one: Certificates = { ...world.certificates };
    const alone = paceOf(one);
    noteAsked(one);
    const among = paceOf(one);
    expect(among.batch).toBeLessThan(alone.batch / 5);
    expect([alone.atOnce, among.atOnce]).toEqual([2, 1]);
  });
});
