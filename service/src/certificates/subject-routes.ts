// How pages learn what a person can have certificates of.
import type { Loan } from "../collection/register.ts";
import type { App } from "../http.ts";
import { Type, answers } from "../http.ts";
import { personOf, requireAction, staffOf } from "../identity/access.ts";
import { yuanOfFen } from "../ledger/money.ts";
import type { CertificateContext } from "./routes.ts";
import type { CertificateView } from "./store.ts";
import { loansOfPerson, subjectsFor } from "./subjects.ts";
import { CertificateSchema } from "./view.ts";
import type { CertificateJson } from "./view.ts";

const LoanSchema = Type.Object({
  dkzh: Type.String({ description: "DKZH 贷款账号" }),
  amount: Type.String({ description: "of the contract" }),
  disbursedOn: Type.String(),
  settledOn: Type.Union([Type.String(), Type.Null()]),
});

function loanJson(loan: Loan) {
  return {
    dkzh: loan.accountNumber,
    amount: yuanOfFen(loan.amountFen),
    disbursedOn: loan.disbursedOn,
    settledOn: loan.settledOn,
  };
}

/** @param certificatesJson certificates as every route answers them */
export async function subjectRoutes(
  app: App,
  { pool, traces }: CertificateContext,
  certificatesJson: (rows: readonly CertificateView[]) => Promise<CertificateJson[]>,
): Promise<void> {
  app.get(
    "/api/v1/me/loans",
    {
      preHandler: requireAction("certificate.ask-own"),
      schema: {
        tags: ["certificates"],
        summary: "Own loans, of which there are certificates",
        response: answers(Type.Object({ loans: Type.Array(LoanSchema) })),
      },
    },
    async (request) => ({ loans: (await loansOfPerson(pool, personOf(request).personId)).map(loanJson) }),
  );

  app.get(
    "/api/v1/desk/persons/:id/certificate-subjects",
    {
      preHandler: requireAction("certificate.issue"),
      schema: {
        tags: ["certificates"],
        summary: "A person's loans and certificates at the counter; the look is traced",
        params: Type.Object({ id: Type.String({ pattern: "^pers_[A-Za-z0-9]{1,40}$" }) }),
        response: answers(Type.Object({ loans: Type.Array(LoanSchema), certificates: Type.Array(CertificateSchema) })),
      },
    },
    async (request) => {
      const found = await subjectsFor(pool, traces, request.params.id, staffOf(request).staffId);
      return { loans: found.loans.map(loanJson), certificates: await certificatesJson(found.certificates) };
    },
  );
}
