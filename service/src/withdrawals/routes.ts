// How withdrawals are applied for, shown and, when a bar stopped one, refused by a clerk.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Line, Type, answers, idempotencyKey } from "../http.ts";
import { DomainError } from "../errors.ts";
import { personOf, requireAction, staffOf } from "../identity/access.ts";
import type { Bar } from "../blacklist/check.ts";
import { checkById } from "../blacklist/store.ts";
import { fenOfYuan, yuanOfFen } from "../ledger/money.ts";
import * as store from "./store.ts";
import type { WithdrawalRow, WithdrawalState } from "./store.ts";
import { applyForWithdrawal, refuseWithdrawal } from "./withdrawal.ts";
import type { Withdrawals } from "./withdrawal.ts";

export interface WithdrawalContext extends AppContext {
  withdrawals: Withdrawals;
  centreName: (code: string) => string;
}

const stateNames: Record<WithdrawalState, string> = {
  paid: "已支付",
  barred: "已拦截，待经办确认",
  held: "暂缓，待人工核查",
  refused: "已拒绝",
};

const Withdrawal = Type.Object(
  {
    id: Type.String(),
    businessNumber: Type.String({ description: "YWLSH 业务流水号" }),
    kind: Type.String(),
    amount: Type.String(),
    state: Type.Union([Type.Literal("paid"), Type.Literal("barred"), Type.Literal("held"), Type.Literal("refused")]),
    stateName: Type.String(),
    appliedAt: Type.String(),
    explanation: Type.Array(
      Type.Object({
        centreName: Type.String(),
        ruleName: Type.String(),
        ruleNameEn: Type.String(),
        from: Type.String(),
        until: Type.String(),
      }),
      { description: "what stopped it: who listed, by which rule, until when" },
    ),
    unknownBecause: Type.Array(Type.String()),
    note: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: "Withdrawal" },
);

const Wish = {
  reason: Type.Literal("rent"),
  amount: Type.String({ pattern: "^(0|[1-9]\\d{0,12})(\\.\\d{1,2})?$", description: "yuan" }),
  grzh: Type.String({ minLength: 1, maxLength: 20 }),
};

export async function withdrawalRoutes(app: App, context: WithdrawalContext): Promise<void> {
  const { withdrawals, pool } = context;

  async function toJson(row: WithdrawalRow) {
    const detail = (await checkById(pool, row.checkId))?.detail as
      { bars: Bar[]; unknownBecause: string[] } | undefined;
    return {
      id: row.id,
      businessNumber: row.businessNumber,
      kind: row.kind,
      amount: yuanOfFen(row.amountFen),
      state: row.state,
      stateName: stateNames[row.state],
      appliedAt: row.appliedAt.toISOString(),
      explanation: (detail?.bars ?? []).map((bar) => ({
        centreName: context.centreName(bar.centre),
        ruleName: bar.ruleZh,
        ruleNameEn: bar.ruleEn,
        from: bar.startsOn,
        until: bar.endsOn,
      })),
      unknownBecause: detail?.unknownBecause ?? [],
      note: row.note,
    };
  }

  async function apply(wish: { personId: string; grzh: string; amount: string; by: string; key: string }) {
    const amountFen = fenOfYuan(wish.amount);
    if (amountFen === undefined || amountFen <= 0n) throw new DomainError("WITHDRAWAL_AMOUNT_INVALID");
    const row = await applyForWithdrawal(withdrawals, {
      personId: wish.personId,
      accountNumber: wish.grzh,
      kind: "rent",
      amountFen,
      requestedBy: wish.by,
      requestKey: wish.key,
    });
    return { withdrawal: await toJson(row) };
  }

  const One = Type.Object({ withdrawal: Withdrawal });
  const Many = Type.Object({ withdrawals: Type.Array(Withdrawal) });

  app.post(
    "/api/v1/me/withdrawals",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("withdrawal.ask-own"),
      schema: {
        tags: ["withdrawals"],
        summary: "Withdraw for rent",
        body: Type.Object(Wish, { additionalProperties: false }),
        response: answers(One, 201),
      },
    },
    async (request, reply) => {
      const { personId } = personOf(request);
      return reply
        .code(201)
        .send(await apply({ personId, ...request.body, by: personId, key: idempotencyKey(request) }));
    },
  );

  app.post(
    "/api/v1/desk/withdrawals",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("withdrawal.accept"),
      schema: {
        tags: ["withdrawals"],
        summary: "Withdraw for rent at the counter",
        body: Type.Object(
          { personId: Type.String({ pattern: "^pers_[A-Za-z0-9]{1,40}$" }), ...Wish },
          { additionalProperties: false },
        ),
        response: answers(One, 201),
      },
    },
    async (request, reply) =>
      reply
        .code(201)
        .send(await apply({ ...request.body, by: staffOf(request).staffId, key: idempotencyKey(request) })),
  );

  app.get(
    "/api/v1/me/withdrawals",
    {
      preHandler: requireAction("withdrawal.ask-own"),
      schema: { tags: ["withdrawals"], summary: "Own withdrawals", response: answers(Many) },
    },
    async (request) => ({
      withdrawals: await Promise.all((await store.ofPerson(pool, personOf(request).personId)).map(toJson)),
    }),
  );

  app.get(
    "/api/v1/desk/withdrawals",
    {
      preHandler: requireAction("withdrawal.read"),
      schema: {
        tags: ["withdrawals"],
        summary: "Withdrawals of the centre, newest first",
        querystring: Type.Object({ state: Type.Optional(Type.String({ pattern: "^(paid|barred|held|refused)$" })) }),
        response: answers(Many),
      },
    },
    async (request) => {
      const rows = await store.newest(pool, request.query.state as WithdrawalState | undefined, 100);
      return { withdrawals: await Promise.all(rows.map(toJson)) };
    },
  );

  app.post(
    "/api/v1/desk/withdrawals/:id/refuse",
    {
      preHandler: requireAction("withdrawal.refuse"),
      schema: {
        tags: ["withdrawals"],
        summary: "Confirm the refusal of a withdrawal that a bar stopped",
        params: Type.Object({ id: Type.String({ pattern: "^wd_[a-z0-9]{16,40}$" }) }),
        body: Type.Object({ note: Line(500) }, { additionalProperties: false }),
        response: answers(One),
      },
    },
    async (request) => ({
      withdrawal: await toJson(
        await refuseWithdrawal(withdrawals, {
          id: request.params.id,
          officer: staffOf(request).staffId,
          note: request.body.note,
        }),
      ),
    }),
  );
}
