// How a person sees their own accounts, and how a clerk finds a person.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Line, Type, answers } from "../http.ts";
import { personOf as signedInPerson, requireAction, staffOf } from "../identity/access.ts";
import { maskNumber } from "../proof/qr-summary.ts";
import type { Traces } from "../traces/trace.ts";
import { accountsOf, lookUp } from "./account.ts";

export interface AccountContext extends AppContext {
  traces: Traces;
}

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
  monthsInARow: Type.Union([Type.Integer(), Type.Null()], { description: "null: not on record" }),
  monthsInARowIsLeast: Type.Boolean({ description: "earlier months are likely and not on record" }),
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

export async function accountRoutes(app: App, { pool, traces }: AccountContext): Promise<void> {
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
    async (request) => ({ accounts: await accountsOf(pool, signedInPerson(request).personId) }),
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
            reason: Line(100, { minLength: 2 }),
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
      const found = await lookUp(pool, traces, {
        documentType,
        documentNumber,
        reason,
        actor: staffOf(request).staffId,
      });
      const accounts = await accountsOf(pool, found.id);
      return { person: { id: found.id, name: found.name, documentNumber: maskNumber(found.documentNumber), accounts } };
    },
  );
}
