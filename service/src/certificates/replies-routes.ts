// How the reply slips of certificates for a loan elsewhere are registered and confirmed.
import type { App } from "../http.ts";
import { Type, answers, idempotent, sendAnswer } from "../http.ts";
import type { Static } from "../http.ts";
import { DomainError } from "../errors.ts";
import { requireAction, staffOf } from "../identity/access.ts";
import { fenOfYuan, yuanOfFen } from "../ledger/money.ts";
import type { FastifyReply, FastifyRequest } from "fastify";
import { decideReply, registerReply, replyStateNames, replyView } from "./replies.ts";
import type { Registration, Replies, ReplyView } from "./replies.ts";
import { waiting } from "./replies-store.ts";
import type { ReplyRow } from "./replies-store.ts";
import type { CertificateContext } from "./routes.ts";

const Day = Type.String({ pattern: "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])$" });
const Month = Type.String({ pattern: "^\\d{4}-(0[1-9]|1[0-2])$" });
const Yuan = Type.String({ pattern: "^(0|[1-9]\\d{0,12})(\\.\\d{1,2})?$", description: "yuan" });
const Note = Type.String({ maxLength: 500, pattern: "^[^\\p{C}]*$" });
const Reason = Type.String({ minLength: 1, maxLength: 500, pattern: "^[^\\p{C}\\s][^\\p{C}]*$" });

const Loan = Type.Object(
  {
    amount: Yuan,
    termMonths: Type.Integer({ minimum: 1, maximum: 600 }),
    from: Month,
    to: Month,
    method: Type.Union([Type.Literal("01"), Type.Literal("02")], {
      description: "A.11 还款方式: 01 等额本息, 02 等额本金",
    }),
    monthly: { ...Yuan, description: "月还本息, of the first month, yuan" } as typeof Yuan,
  },
  { additionalProperties: false },
);

const Slip = Type.Union([
  Type.Object(
    { result: Type.Literal("granted"), statedOn: Day, loan: Loan, note: Type.Optional(Note) },
    { additionalProperties: false },
  ),
  Type.Object(
    { result: Type.Literal("refused"), statedOn: Day, note: Type.Optional(Note) },
    { additionalProperties: false },
  ),
]);

const Reply = Type.Object(
  {
    id: Type.String(),
    step: Type.Union([
      Type.Literal("granted"),
      Type.Literal("refused"),
      Type.Literal("cancelled"),
      Type.Literal("settled"),
      Type.Literal("annulled"),
    ]),
    loan: Type.Union([Loan, Type.Null()]),
    reason: Type.Union([Type.Literal("lost"), Type.Literal("returned"), Type.Null()]),
    statedOn: Type.Union([Type.String({ description: "day on the slip, or of the settlement" }), Type.Null()]),
    note: Type.String(),
    registeredBy: Type.String(),
    registeredAt: Type.String(),
    waiting: Type.Boolean({ description: "for the confirmation of another officer" }),
    decision: Type.Union([
      Type.Object({
        confirmed: Type.Boolean(),
        note: Type.String(),
        decidedBy: Type.String(),
        decidedAt: Type.String(),
      }),
      Type.Null(),
    ]),
  },
  { $id: "LoanElsewhereReply" },
);
const Answer = Type.Object({
  state: Type.Union([
    Type.Literal("issued"),
    Type.Literal("granted"),
    Type.Literal("refused"),
    Type.Literal("settled"),
    Type.Literal("cancelled"),
    Type.Literal("expired"),
    Type.Literal("revoked"),
    Type.Literal("superseded"),
  ]),
  stateName: Type.String(),
  freeze: Type.Union([
    Type.Object({
      until: Type.Union([Type.Literal("until_reply"), Type.Literal("until_settled")]),
      begunAt: Type.String(),
    }),
    Type.Null(),
  ]),
  replies: Type.Array(Reply),
});

const Waiting = Type.Object({
  certificateId: Type.String(),
  serial: Type.String({ description: "证照标识" }),
  reply: Reply,
});

const Id = Type.Object({ id: Type.String({ pattern: "^cert_[a-z0-9]{16,40}$" }) });
const ReplyId = Type.Object({ ...Id.properties, reply: Type.String({ pattern: "^reply_[a-z0-9]{16,40}$" }) });

export async function replyRoutes(app: App, context: CertificateContext): Promise<void> {
  const { pool, now, random, submitRevocation } = context;
  const replies: Replies = { now, random, submitRevocation };

  /** Registers once for each Idempotency-Key: the same request again gets the same answer. */
  async function register(request: FastifyRequest, reply: FastifyReply, id: string, registration: Registration) {
    const { staffId } = staffOf(request);
    const answer = await idempotent(
      pool,
      request,
      staffId,
      async (tx) => ({ status: 201, body: toJson(await registerReply(replies, tx, id, registration, staffId)) }),
      now,
    );
    return sendAnswer(reply, answer);
  }

  async function decide(
    request: FastifyRequest,
    reply: FastifyReply,
    params: { id: string; reply: string },
    decision: { confirmed: boolean; note: string },
  ) {
    const { staffId } = staffOf(request);
    const answer = await idempotent(
      pool,
      request,
      staffId,
      async (tx) => ({
        status: 200,
        body: toJson(
          await decideReply(replies, tx, params.id, { replyId: params.reply, officer: staffId, ...decision }),
        ),
      }),
      now,
    );
    return sendAnswer(reply, answer);
  }

  app.get(
    "/api/v1/desk/certificates/:id/reply",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "How a certificate for a loan elsewhere stands with its reply slip and freeze",
        params: Id,
        response: answers(Answer),
      },
    },
    async (request) => toJson(await replyView(pool, request.params.id, now())),
  );

  app.get(
    "/api/v1/desk/replies",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "Replies that wait for another officer, the oldest first",
        response: answers(Type.Object({ waiting: Type.Array(Waiting) })),
      },
    },
    async () => ({
      waiting: (await waiting(pool, 200)).map((row) => ({
        certificateId: row.certificateId,
        serial: row.serial,
        reply: rowToJson(row),
      })),
    }),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.register"),
      schema: {
        tags: ["certificates"],
        summary: "Register the reply slip of the lending centre",
        description: "Waits for another officer where it ends a freeze of the account.",
        params: Id,
        body: Slip,
        response: answers(Answer, 201),
      },
    },
    (request, reply) => register(request, reply, request.params.id, slipOf(request.body)),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply/cancel",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.register"),
      schema: {
        tags: ["certificates"],
        summary: "Cancel a certificate that was lost or returned",
        description: "Waits for another officer; with the confirmation the certificate is revoked.",
        params: Id,
        body: Type.Object(
          { reason: Type.Union([Type.Literal("lost"), Type.Literal("returned")]), note: Reason },
          { additionalProperties: false },
        ),
        response: answers(Answer, 201),
      },
    },
    (request, reply) => register(request, reply, request.params.id, { step: "cancelled", ...request.body }),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply/settle",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.register"),
      schema: {
        tags: ["certificates"],
        summary: "Register the settlement certificate of a loan that was granted elsewhere",
        params: Id,
        body: Type.Object({ settledOn: Day, note: Type.Optional(Note) }, { additionalProperties: false }),
        response: answers(Answer, 201),
      },
    },
    (request, reply) =>
      register(request, reply, request.params.id, {
        step: "settled",
        statedOn: dayOf(request.body.settledOn, "body/settledOn"),
        note: request.body.note ?? "",
      }),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply/annul",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.register"),
      schema: {
        tags: ["certificates"],
        summary: "Annul a slip that was registered by mistake",
        description: "Waits for another officer; then the certificate is issued as before, with its freeze.",
        params: Id,
        body: Type.Object({ note: Reason }, { additionalProperties: false }),
        response: answers(Answer, 201),
      },
    },
    (request, reply) => register(request, reply, request.params.id, { step: "annulled", note: request.body.note }),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply/:reply/confirm",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.confirm"),
      schema: {
        tags: ["certificates"],
        summary: "Confirm a reply that waits",
        params: ReplyId,
        response: answers(Answer),
      },
    },
    (request, reply) => decide(request, reply, request.params, { confirmed: true, note: "" }),
  );

  app.post(
    "/api/v1/desk/certificates/:id/reply/:reply/reject",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("reply.reject"),
      schema: {
        tags: ["certificates"],
        summary: "Reject a reply that waits, or take it back",
        params: ReplyId,
        body: Type.Object({ note: Reason }, { additionalProperties: false }),
        response: answers(Answer),
      },
    },
    (request, reply) => decide(request, reply, request.params, { confirmed: false, note: request.body.note }),
  );
}

function slipOf(body: Static<typeof Slip>): Registration {
  const statedOn = dayOf(body.statedOn, "body/statedOn");
  const note = body.note ?? "";
  if (body.result === "refused") return { step: "refused", statedOn, note };
  const { amount, monthly, termMonths, from, to, method } = body.loan;
  if (from > to) throw invalid("body/loan/to", "lies before from (早于起始年月)");
  return {
    step: "granted",
    statedOn,
    note,
    loan: {
      amountFen: positive(amount, "body/loan/amount"),
      monthlyFen: positive(monthly, "body/loan/monthly"),
      termMonths,
      fromMonth: from,
      toMonth: to,
      method,
    },
  };
}

function positive(yuan: string, where: string): bigint {
  const fen = fenOfYuan(yuan);
  if (fen === undefined || fen <= 0n) throw invalid(where, "is not above zero (应大于零)");
  return fen;
}

/** A day that the calendar has: 31 days do not make every month's. */
function dayOf(text: string, where: string): string {
  const time = Date.parse(`${text}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text)
    throw invalid(where, "is no day of the calendar (没有这一天)");
  return text;
}

function invalid(where: string, why: string): DomainError {
  return new DomainError("INVALID_REQUEST", { where, why });
}

function toJson({ state, freeze, replies }: ReplyView): Static<typeof Answer> {
  return {
    state,
    stateName: replyStateNames[state],
    freeze: freeze && { until: freeze.until, begunAt: freeze.begunAt.toISOString() },
    replies: replies.map(rowToJson),
  };
}

function rowToJson(row: ReplyRow): Static<typeof Reply> {
  return {
    id: row.id,
    step: row.step,
    loan: row.loan && {
      amount: yuanOfFen(row.loan.amountFen),
      termMonths: row.loan.termMonths,
      from: row.loan.fromMonth,
      to: row.loan.toMonth,
      method: row.loan.method,
      monthly: yuanOfFen(row.loan.monthlyFen),
    },
    reason: row.reason,
    statedOn: row.statedOn,
    note: row.note,
    registeredBy: row.registeredBy,
    registeredAt: row.registeredAt.toISOString(),
    waiting: row.needsConfirmation && row.decision === null,
    decision: row.decision && { ...row.decision, decidedAt: row.decision.decidedAt.toISOString() },
  };
}
