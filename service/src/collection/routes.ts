// How a person sees their own accounts, and how a clerk finds a person.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Type, answers } from "../http.ts";
import { DomainError } from "../errors.ts";
import { transaction } from "../db.ts";
import { personOf as signedInPerson, requireAction, staffOf } from "../identity/access.ts";
import { history } from "../ledger/ledger.ts";
import { yuanOfFen } from "../ledger/money.ts";
import { maskNumber } from "../proof/qr-summary.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Traces } from "../traces/trace.ts";
import { dayInChina } from "./month.ts";
import "./refusals.ts";
import { depositorsOf, findPerson } from "./register.ts";
import { depositorFacts } from "./snapshot.ts";

export interface AccountContext extends AppContext {
  traces: Traces;
}

/** Table A.6 of JGJ/T 320. */
const stateNames: Record<string, string> = {
  "01": "正常",
  "02": "封存",
  "03": "合并销户",
  "04": "外部转出销户",
  "05": "提取销户",
  "06": "冻结",
  "99": "其他",
};

const Account = Type.Object({
  grzh: Type.String({ description: "GRZH 个人账号" }),
  unitName: Type.String(),
  state: Type.String({ description: "GRZHZT, table A.6" }),
  stateName: Type.String(),
  balance: Type.String(),
  base: Type.String(),
  unitAmount: Type.String(),
  personAmount: Type.String(),
  unitRatio: Type.String({ description: "percent" }),
  personRatio: Type.String({ description: "percent" }),
  paidTo: Type.Union([Type.String(), Type.Null()]),
  monthsInARow: Type.Integer(),
  openedOn: Type.String(),
  asOfEntry: Type.String({ description: "number of the ledger entry on which the balance rests" }),
  history: Type.Array(
    Type.Object({
      at: Type.String(),
      month: Type.String(),
      kind: Type.String(),
      amount: Type.String({ description: "negative when money left" }),
      balance: Type.String(),
    }),
    { description: "the newest 24 entries, oldest first" },
  ),
});

export async function accountRoutes(app: App, { pool, now, traces }: AccountContext): Promise<void> {
  async function accountsOf(personId: string) {
    // One reading, so that balance and history belong together.
    return transaction(
      pool,
      async (tx) => {
        const depositors = await depositorsOf(tx, personId);
        const facts = await depositorFacts(tx, { depositorIds: depositors.map((depositor) => depositor.id) });
        return Promise.all(
          facts.map(async (fact) => {
            const entries = await history(tx, fact.ledgerAccountId, { atEntry: fact.entryNumber, limit: 24 });
            return {
              grzh: fact.accountNumber,
              unitName: fact.unitName,
              state: fact.frozen ? "06" : fact.state,
              stateName: stateNames[fact.frozen ? "06" : fact.state] ?? fact.state,
              balance: yuanOfFen(fact.balanceFen),
              base: yuanOfFen(fact.baseFen),
              unitAmount: yuanOfFen(fact.unitMonthFen),
              personAmount: yuanOfFen(fact.personMonthFen),
              unitRatio: String(fact.unitRatioBp / 100),
              personRatio: String(fact.personRatioBp / 100),
              paidTo: fact.paidToMonth,
              monthsInARow: fact.consecutiveMonths,
              openedOn: fact.openedOn,
              asOfEntry: String(fact.entryNumber),
              history: entries.reverse().map((entry) => ({
                at: entry.eventAt.toISOString(),
                month: dayInChina(entry.eventAt).slice(0, 7),
                kind: entry.kind,
                amount: yuanOfFen(entry.changeFen),
                balance: yuanOfFen(entry.balanceAfterFen),
              })),
            };
          }),
        );
      },
      { isolation: "repeatable read", readOnly: true },
    );
  }

  app.get(
    "/api/v1/me/account",
    {
      preHandler: requireAction("account.read-own"),
      schema: {
        tags: ["accounts"],
        summary: "Own accounts",
        response: answers(Type.Object({ accounts: Type.Array(Account) })),
      },
    },
    async (request) => ({ accounts: await accountsOf(signedInPerson(request).personId) }),
  );

  app.post(
    "/api/v1/desk/persons/find",
    {
      preHandler: requireAction("person.find"),
      schema: {
        tags: ["accounts"],
        summary: "Find a person by document; the look is traced with its reason",
        body: Type.Object(
          {
            documentNumber: Type.String({ minLength: 4, maxLength: 18, pattern: "^[0-9A-Za-z()-]+$" }),
            documentType: Type.Optional(Type.String({ pattern: "^(01|02|03|04|99)$", default: "01" })),
            reason: Type.String({ minLength: 2, maxLength: 100, pattern: "^[^\\p{C}]+$" }),
          },
          { additionalProperties: false },
        ),
        response: answers(
          Type.Object({
            person: Type.Object({
              id: Type.String(),
              name: Type.String(),
              documentNumber: Type.String({ description: "masked" }),
              accounts: Type.Array(Account),
            }),
          }),
        ),
      },
    },
    async (request) => {
      const { documentNumber, documentType = "01", reason } = request.body;
      const person = await findPerson(pool, { documentType, documentNumber });
      await transaction(pool, (tx) =>
        writeTrace(traces, tx, {
          kind: "desk-look-up",
          actor: staffOf(request).staffId,
          ...(person ? { personId: person.id } : {}),
          facts: { reason, found: person !== undefined },
        }),
      );
      if (!person) throw new DomainError("PERSON_NOT_FOUND");
      const accounts = await accountsOf(person.id);
      return {
        person: { id: person.id, name: person.name, documentNumber: maskNumber(person.documentNumber), accounts },
      };
    },
  );
}
