// A desk that issues certificates for loans elsewhere and registers what becomes of them. Each test has a person of its own.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { issueCertificates, issueEach } from "../../service/src/certificates/certificate.ts";
import { replyFaults } from "../../service/src/certificates/replies-store.ts";
import { decideReply, registerReply, replyView } from "../../service/src/certificates/replies.ts";
import type { Registration, Replies } from "../../service/src/certificates/replies.ts";
import { transaction } from "../../service/src/db.ts";
import { applyForWithdrawal } from "../../service/src/withdrawals/withdrawal.ts";
import type { Withdrawals } from "../../service/src/withdrawals/withdrawal.ts";
import { accountNumber } from "../withdrawals/world.ts";
import { importLoanRegister, loanWish, makeLendingWorld, setParameter } from "./loan-world.ts";
import { allSound, start, submitRevocation } from "./world.ts";
import type { CentreWorld } from "./world.ts";

export const elsewhere = { addressee: "西宁市住房公积金管理中心", addresseeCode: "C63010", city: "西宁市" };
export const loan = {
  amountFen: 50_000_000n,
  termMonths: 360,
  fromMonth: "2026-12",
  toMonth: "2056-11",
  method: "01",
  monthlyFen: 200_170n,
} as const;
export const steps = {
  granted: { step: "granted", loan, statedOn: "2026-11-22", note: "" },
  refused: { step: "refused", statedOn: "2026-11-22", note: "" },
  settled: { step: "settled", statedOn: "2026-11-22", note: "" },
  lost: { step: "cancelled", reason: "lost", note: "本人声明遗失" },
  annulled: { step: "annulled", note: "登记有误" },
} as const satisfies Record<string, Registration>;

export const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: Error & { code?: string }) => error.code,
  );

/** Opens the desk for a test file; at its end all auditors are asked. */
export function openDesk() {
  let world: CentreWorld;
  let replies: Replies;
  let person = 0;

  beforeAll(async () => {
    world = await makeLendingWorld(60);
    await importLoanRegister(world.certificates.pool);
    replies = { now: () => world.clock.now, random: world.certificates.random, submitRevocation };
  });
  beforeEach(() => {
    world.clock.now = start;
    person++;
  });
  afterAll(async () => {
    await allSound(world);
    expect(await replyFaults(world.certificates.pool)).toEqual([]);
  });

  let modeDays = 0;
  /** Parameters are dated rows: each setting begins a day later than the one before, all of them in the past. */
  async function freeze(mode: "none" | "until_reply" | "until_settled") {
    const validFrom = new Date(Date.UTC(2020, 0, 1 + ++modeDays)).toISOString().slice(0, 10);
    await setParameter(world.certificates.pool, { code: "loan_elsewhere.freeze", value: { mode }, validFrom });
  }
  async function issued(changes: Parameters<typeof loanWish>[1] = {}): Promise<string> {
    const [row] = await issueCertificates(world.certificates, [loanWish(person, changes)]);
    return row!.id;
  }
  const poolOf = () => world.certificates.pool;
  const register = (id: string, registration: Registration, clerk = "staff_clerk") =>
    transaction(poolOf(), (tx) => registerReply(replies, tx, id, registration, clerk));
  const decide = (id: string, replyId: string, confirmed = true, officer = "staff_checker") =>
    transaction(poolOf(), (tx) => decideReply(replies, tx, id, { replyId, confirmed, note: "", officer }));
  /** Registers and, where it waits, lets another officer confirm. */
  async function take(id: string, registration: Registration) {
    const view = await register(id, registration);
    const newest = view.replies.at(-1)!;
    return newest.needsConfirmation ? decide(id, newest.id) : view;
  }
  const state = async (id: string) => (await replyView(poolOf(), id, world.clock.now)).state;
  const isFrozen = async () =>
    (await poolOf().query("select frozen from depositor where id = $1", [`dep_${person}`])).rows[0].frozen as boolean;
  const asked = async (changes: Parameters<typeof loanWish>[1] = {}) => {
    const [one] = await issueEach(world.certificates, [loanWish(person, changes)]);
    return one instanceof Error ? one.message : "issued";
  };
  /** What a withdrawal of this person is refused with; no blacklist is asked before the account's state is looked at. */
  const withdrawal = () =>
    codeOf(
      applyForWithdrawal({ pool: poolOf(), now: replies.now, random: replies.random } as Withdrawals, {
        personId: `pers_${person}`,
        accountNumber: accountNumber(person),
        kind: "rent",
        amountFen: 999_999_999n,
        requestedBy: `pers_${person}`,
        requestKey: randomBytes(16).toString("hex"),
      }),
    );

  return {
    world: () => world,
    pool: poolOf,
    /** number of the person of this test; `next` goes on to another one */
    person: () => person,
    next: () => person++,
    freeze,
    issued,
    register,
    decide,
    take,
    state,
    isFrozen,
    asked,
    withdrawal,
  };
}
