// How bulk issue is asked for, confirmed, watched, stopped and resumed at the desk.
import type { App } from "../http.ts";
import { Page, PageQuery, Type, answers, decodeCursor, idempotencyKey, pageOf } from "../http.ts";
import { DomainError, fill, refusalOf } from "../errors.ts";
import { requireAction, staffOf } from "../identity/access.ts";
import { maskName } from "../proof/qr-summary.ts";
import { AskSchema } from "./ask.ts";
import { bulkIssueOf, cancelBulkIssue, confirmBulkIssue, proposeBulkIssue, rateOf, resumeBulkIssue } from "./bulk.ts";
import type { BulkWish } from "./bulk.ts";
import * as store from "./bulk-store.ts";
import type { BulkIssueView } from "./bulk-store.ts";
import type { CertificateContext } from "./routes.ts";

const Moment = Type.Union([Type.String(), Type.Null()]);
const BulkIssue = Type.Object(
  {
    id: Type.String(),
    kind: Type.String(),
    title: Type.Object({ zh: Type.String(), en: Type.String() }),
    unit: Type.Union([Type.Object({ dwzh: Type.String(), name: Type.String() }), Type.Null()], {
      description: "null: all depositors of the centre",
    }),
    purpose: Type.String(),
    state: Type.Union([
      Type.Literal("proposed"),
      Type.Literal("running"),
      Type.Literal("done"),
      Type.Literal("cancelled"),
    ]),
    total: Type.Integer({ description: "depositors with an open account; exact when done" }),
    issued: Type.Integer(),
    refused: Type.Integer(),
    perSecond: Type.Union([Type.Number(), Type.Null()], {
      description: "over the last half minute; null when it does not run",
    }),
    endsAt: Type.Union([Type.String(), Type.Null()], { description: "expected at that rate" }),
    requestedBy: Type.String(),
    requestedAt: Type.String(),
    proposedBy: Type.String({ description: "who may not confirm it: whoever asked for it or resumed it" }),
    confirmedBy: Moment,
    confirmedAt: Moment,
    cancelledBy: Moment,
    cancelledAt: Moment,
    endedAt: Moment,
    officers: Type.Record(Type.String(), Type.String(), { description: "names of these officers by their ids" }),
  },
  { $id: "BulkIssue" },
);
const Refusal = Type.Object({
  grzh: Type.String(),
  name: Type.String({ description: "masked" }),
  code: Type.String(),
  zh: Type.String(),
  en: Type.String(),
  at: Type.String(),
});
const One = Type.Object({ bulkIssue: BulkIssue });
const Id = Type.Object({ id: Type.String({ pattern: "^bulk_[a-z0-9]{16,40}$" }) });

/** Points of the chart of a run. */
const chartPoints = 60;

export async function bulkRoutes(app: App, { certificates, pool, now }: CertificateContext): Promise<void> {
  async function toJson(run: BulkIssueView) {
    const rate = await rateOf(pool, run, now());
    const iso = (at: Date | null) => at?.toISOString() ?? null;
    return {
      id: run.id,
      kind: run.kind,
      title: certificates.kinds.get(run.kind)?.kind.title ?? { zh: run.kind, en: run.kind },
      unit: run.unit && { dwzh: run.unit.accountNumber, name: run.unit.name },
      purpose: run.purpose,
      state: run.state,
      total: Number(run.total),
      issued: Number(run.issued),
      refused: Number(run.refused),
      perSecond: rate ? Math.round(rate.perSecond * 10) / 10 : null,
      endsAt: rate?.endsAt.toISOString() ?? null,
      requestedBy: run.requestedBy,
      requestedAt: run.requestedAt.toISOString(),
      proposedBy: run.proposedBy,
      confirmedBy: run.confirmedBy,
      confirmedAt: iso(run.confirmedAt),
      cancelledBy: run.cancelledBy,
      cancelledAt: iso(run.cancelledAt),
      endedAt: iso(run.endedAt),
      officers: run.officers,
    };
  }

  app.post(
    "/api/v1/desk/bulk-issues",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("certificate.issue"),
      schema: {
        tags: ["certificates"],
        summary: "Issue to every depositor of a unit or of the centre",
        description:
          "For a unit it runs at once; for the whole centre a checker confirms. The same key is the same run.",
        body: Type.Object(
          {
            kind: AskSchema.kind,
            scope: Type.Union([Type.Literal("unit"), Type.Literal("centre")], {
              description: "said in words, so that a forgotten number is not the whole centre",
            }),
            dwzh: AskSchema.dwzh,
            purpose: AskSchema.purpose,
            details: AskSchema.details,
          },
          { additionalProperties: false },
        ),
        response: answers(One, 201),
      },
    },
    async (request, reply) => {
      const { scope, dwzh, kind, purpose, details } = request.body;
      if ((scope === "unit") !== (dwzh !== undefined))
        throw new DomainError("INVALID_REQUEST", { where: "body/dwzh", why: "does not fit the scope (与范围不符)" });
      const wish: BulkWish = { kind, requestedBy: staffOf(request).staffId, requestKey: idempotencyKey(request) };
      if (dwzh !== undefined) wish.dwzh = dwzh;
      if (purpose !== undefined) wish.purpose = purpose;
      if (details !== undefined) wish.details = details;
      return reply.code(201).send({ bulkIssue: await toJson(await proposeBulkIssue(certificates, wish)) });
    },
  );

  app.get(
    "/api/v1/desk/bulk-issues",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "Bulk issues, newest first",
        querystring: PageQuery,
        response: answers(Page(BulkIssue)),
      },
    },
    async (request) => {
      const limit = request.query.limit ?? 20;
      const key = decodeCursor(request.query.cursor, ["string", "string"]);
      if (key && Number.isNaN(Date.parse(key[0] as string)))
        throw new DomainError("INVALID_REQUEST", { where: "query/cursor", why: "is not a cursor (不是有效的游标)" });
      const rows = await store.newest(pool, {
        limit: limit + 1,
        ...(key ? { before: { requestedAt: new Date(key[0] as string), id: key[1] as string } } : {}),
      });
      const items = new Map(await Promise.all(rows.map(async (row) => [row.id, await toJson(row)] as const)));
      return pageOf(
        rows,
        limit,
        (row) => items.get(row.id)!,
        (row) => [row.requestedAt.toISOString(), row.id],
      );
    },
  );

  app.get(
    "/api/v1/desk/bulk-issues/:id",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "One bulk issue, with how it went over time",
        params: Id,
        response: answers(
          Type.Object({
            bulkIssue: BulkIssue,
            pace: Type.Array(Type.Object({ at: Type.String(), seconds: Type.Integer(), done: Type.Integer() }), {
              description: "certificates and refusals in each span of so many seconds, oldest first",
            }),
          }),
        ),
      },
    },
    async (request) => {
      const run = await bulkIssueOf(pool, request.params.id);
      const pace = await store.paceOf(pool, run.id, chartPoints);
      return {
        bulkIssue: await toJson(run),
        pace: pace.map(({ at, seconds, done }) => ({ at: at.toISOString(), seconds, done })),
      };
    },
  );

  app.post(
    "/api/v1/desk/bulk-issues/:id/confirm",
    {
      preHandler: requireAction("certificate.confirm-bulk"),
      schema: {
        tags: ["certificates"],
        summary: "Let a bulk issue for the whole centre begin: not by whoever asked for it",
        params: Id,
        response: answers(One),
      },
    },
    async (request) => ({
      bulkIssue: await toJson(await confirmBulkIssue(pool, request.params.id, staffOf(request).staffId, now())),
    }),
  );

  app.post(
    "/api/v1/desk/bulk-issues/:id/cancel",
    {
      preHandler: requireAction("certificate.cancel-bulk"),
      schema: {
        tags: ["certificates"],
        summary: "Stop a bulk issue; what was issued stays",
        params: Id,
        response: answers(One),
      },
    },
    async (request) => ({
      bulkIssue: await toJson(await cancelBulkIssue(pool, request.params.id, staffOf(request).staffId, now())),
    }),
  );

  app.post(
    "/api/v1/desk/bulk-issues/:id/resume",
    {
      preHandler: requireAction("certificate.issue"),
      schema: {
        tags: ["certificates"],
        summary: "Go on with a bulk issue that was stopped; for the whole centre a checker confirms again",
        params: Id,
        response: answers(One),
      },
    },
    async (request) => ({
      bulkIssue: await toJson(await resumeBulkIssue(pool, request.params.id, staffOf(request).staffId)),
    }),
  );

  app.get(
    "/api/v1/desk/bulk-issues/:id/refusals",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "Depositors whom the kind's rules refused",
        params: Id,
        querystring: PageQuery,
        response: answers(Page(Refusal)),
      },
    },
    async (request) => {
      const limit = request.query.limit ?? 20;
      const [after] = decodeCursor(request.query.cursor, ["string"]) ?? [];
      const run = await bulkIssueOf(pool, request.params.id);
      const rows = await store.refusalsOf(pool, run.id, {
        limit: limit + 1,
        ...(after === undefined ? {} : { after: String(after) }),
      });
      return pageOf(
        rows,
        limit,
        ({ accountNumber, personName, code, params, refusedAt }) => {
          const { zh, en } = refusalOf(code);
          return {
            grzh: accountNumber,
            name: maskName(personName),
            code,
            zh: fill(zh, params),
            en: fill(en, params),
            at: refusedAt.toISOString(),
          };
        },
        (row) => [row.depositorId],
      );
    },
  );
}
