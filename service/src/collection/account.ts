// A person's accounts as pages show them, and a clerk's look at somebody else's.
import { transaction } from "../db.ts";
import type { Pool } from "../db.ts";
import { DomainError } from "../errors.ts";
import { history } from "../ledger/ledger.ts";
import { yuanOfFen } from "../ledger/money.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Traces } from "../traces/trace.ts";
import { dayInChina } from "./month.ts";
import "./refusals.ts";
import { depositorsOf, findPerson } from "./register.ts";
import type { Person } from "./register.ts";
import { depositorFacts, monthsInARow } from "./snapshot.ts";

/** GRZHZT, table A.6 of JGJ/T 320. */
const stateNames: Record<string, string> = {
  "01": "正常",
  "02": "封存",
  "03": "合并销户",
  "04": "外部转出销户",
  "05": "提取销户",
  "06": "冻结",
  "99": "其他",
};

/** How many entries of an account's history are shown. */
const shownEntries = 24;

/** A person's accounts with their newest entries, oldest first; one reading, so that balance and history belong together. */
export async function accountsOf(pool: Pool, personId: string) {
  return transaction(
    pool,
    async (tx) => {
      const depositors = await depositorsOf(tx, personId);
      const facts = await depositorFacts(tx, { depositorIds: depositors.map((depositor) => depositor.id) });
      const accounts = [];
      for (const fact of facts) {
        const inARow = monthsInARow(fact);
        const state = fact.frozen ? "06" : fact.state;
        const entries = await history(tx, fact.ledgerAccountId, { atEntry: fact.entryNumber, limit: shownEntries });
        accounts.push({
          grzh: fact.accountNumber,
          unitName: fact.unitName,
          state,
          stateName: stateNames[state] ?? state,
          balance: yuanOfFen(fact.balanceFen),
          base: yuanOfFen(fact.baseFen),
          unitAmount: yuanOfFen(fact.unitMonthFen),
          personAmount: yuanOfFen(fact.personMonthFen),
          unitRatio: String(fact.unitRatioBp / 100),
          personRatio: String(fact.personRatioBp / 100),
          paidTo: fact.paidToMonth,
          monthsInARow: inARow.months,
          monthsInARowIsLeast: inARow.isLeast,
          openedOn: fact.openedOn,
          asOfEntry: String(fact.entryNumber),
          history: entries.toReversed().map((entry) => ({
            at: entry.eventAt.toISOString(),
            month: dayInChina(entry.eventAt).slice(0, 7),
            kind: entry.kind,
            amount: yuanOfFen(entry.changeFen),
            balance: yuanOfFen(entry.balanceAfterFen),
          })),
        });
      }
      return accounts;
    },
    { isolation: "repeatable read", readOnly: true },
  );
}

/**
 * A clerk looks for a person by document. The look is traced with its reason whether or not somebody is found, and before
 * anything is told. @throws PERSON_NOT_FOUND
 */
export async function lookUp(
  pool: Pool,
  traces: Traces,
  look: { documentType: string; documentNumber: string; reason: string; actor: string },
): Promise<Person> {
  const person = await transaction(pool, async (tx) => {
    const found = await findPerson(tx, look);
    await writeTrace(traces, tx, {
      kind: "desk-look-up",
      actor: look.actor,
      ...(found ? { personId: found.id } : {}),
      facts: { reason: look.reason, found: found !== undefined },
    });
    return found;
  });
  if (!person) throw new DomainError("PERSON_NOT_FOUND");
  return person;
}
