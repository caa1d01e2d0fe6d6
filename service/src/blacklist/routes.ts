// How cases are opened and confirmed, how a person is checked, and how other members read the feed.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Line, Type, answers } from "../http.ts";
import { requireAction, staffOf } from "../identity/access.ts";
import { memberOf } from "../peers/peer.ts";
import { fromHex, toHex } from "../proof/bytes.ts";
import { maskName, maskNumber } from "../proof/qr-summary.ts";
import type { Blacklist } from "./blacklist.ts";
import { confirmCase, confirmLift, openCase, proposeLift } from "./case.ts";
import { checkNow } from "./check.ts";
import { feedPage } from "./feed.ts";
import { ruleOf, rules } from "./rule.ts";
import * as store from "./store.ts";
import type { CaseRow } from "./store.ts";

export interface BlacklistContext extends AppContext {
  blacklist: Blacklist;
  /** name of a centre for its code */
  centreName: (code: string) => string;
}

const nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);
const documentType = Type.String({ pattern: "^(01|02|03|04|99)$" });
const documentNumber = Type.String({ minLength: 4, maxLength: 18, pattern: "^[0-9A-Za-z()-]+$" });
const day = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$" });
const Id = Type.Object({ id: Type.String({ pattern: "^case_[a-z0-9]{16,40}$" }) });

const Case = Type.Object(
  {
    id: Type.String(),
    personName: Type.String({ description: "masked" }),
    documentNumber: Type.String({ description: "masked" }),
    rule: Type.String(),
    ruleName: Type.String(),
    conduct: Type.String(),
    legalBasis: Type.String(),
    evidenceDigest: Type.String(),
    startsOn: Type.String(),
    endsOn: Type.String(),
    state: Type.Union([
      Type.Literal("open"),
      Type.Literal("listing"),
      Type.Literal("listed"),
      Type.Literal("lifting"),
      Type.Literal("lifted"),
    ]),
    openedBy: Type.String(),
    openedAt: Type.String(),
    confirmedBy: nullable(Type.String()),
    liftProposedBy: nullable(Type.String()),
    listingId: nullable(Type.String({ description: "random id on the chain" })),
  },
  { $id: "BlacklistCase" },
);

function stateOf(row: CaseRow): "open" | "listing" | "listed" | "lifting" | "lifted" {
  if (row.chainState === "lifted") return "lifted";
  if (row.liftConfirmedBy) return "lifting";
  if (row.chainState) return "listed";
  return row.listingId ? "listing" : "open";
}

function caseJson(row: CaseRow) {
  return {
    id: row.id,
    personName: maskName(row.personName),
    documentNumber: maskNumber(row.documentNumber),
    rule: row.rule,
    ruleName: ruleOf(row.rule)?.zh ?? row.rule,
    conduct: row.conduct,
    legalBasis: row.legalBasis,
    evidenceDigest: toHex(row.evidenceDigest),
    startsOn: row.startsOn,
    endsOn: row.endsOn,
    state: stateOf(row),
    openedBy: row.openedBy,
    openedAt: row.openedAt.toISOString(),
    confirmedBy: row.confirmedBy,
    liftProposedBy: row.liftProposedBy,
    listingId: row.listingId && toHex(row.listingId),
  };
}

const BarSchema = Type.Object({
  centre: Type.String(),
  centreName: Type.String(),
  rule: Type.String(),
  ruleName: Type.String(),
  conduct: Type.String(),
  from: Type.String(),
  until: Type.String({ description: "last day, to 24:00 in Asia/Shanghai" }),
});
const Check = Type.Object({
  id: Type.String(),
  result: Type.Union([Type.Literal("clear"), Type.Literal("flagged"), Type.Literal("barred"), Type.Literal("unknown")]),
  bars: Type.Array(BarSchema),
  flags: Type.Array(BarSchema),
  unknownBecause: Type.Array(Type.String()),
  mirrorAgeSeconds: Type.Union([Type.Number(), Type.Null()]),
  traceLeaf: Type.String(),
});

export async function blacklistRoutes(app: App, context: BlacklistContext): Promise<void> {
  const { blacklist, pool } = context;

  app.get(
    "/api/v1/desk/blacklist/rules",
    {
      preHandler: requireAction("case.read"),
      schema: {
        tags: ["blacklist"],
        summary: "Rules under which a person may be listed",
        response: answers(
          Type.Object({
            rules: Type.Array(
              Type.Object({
                code: Type.String(),
                zh: Type.String(),
                en: Type.String(),
                years: Type.Integer(),
                bars: Type.String(),
                source: Type.String(),
              }),
            ),
          }),
        ),
      },
    },
    async () => ({ rules: [...rules] }),
  );

  app.post(
    "/api/v1/desk/blacklist/cases",
    {
      preHandler: requireAction("case.open"),
      schema: {
        tags: ["blacklist"],
        summary: "Open a case; another officer confirms",
        body: Type.Object(
          {
            documentType: Type.Optional(documentType),
            documentNumber,
            name: Line(60),
            rule: Line(40),
            conduct: Line(200),
            legalBasis: Line(300),
            evidenceDigest: Type.String({ pattern: "^[0-9a-f]{64}$", description: "SHA-256 of the evidence" }),
            startsOn: day,
          },
          { additionalProperties: false },
        ),
        response: answers(Type.Object({ id: Type.String() }), 201),
      },
    },
    async (request, reply) => {
      const { body } = request;
      const id = await openCase(blacklist, {
        document: { type: body.documentType ?? "01", number: body.documentNumber },
        personName: body.name,
        rule: body.rule,
        conduct: body.conduct,
        legalBasis: body.legalBasis,
        evidenceDigest: fromHex(body.evidenceDigest),
        startsOn: body.startsOn,
        openedBy: staffOf(request).staffId,
      });
      return reply.code(201).send({ id });
    },
  );

  app.get(
    "/api/v1/desk/blacklist/cases",
    {
      preHandler: requireAction("case.read"),
      schema: {
        tags: ["blacklist"],
        summary: "This centre's cases, newest first",
        response: answers(Type.Object({ cases: Type.Array(Case) })),
      },
    },
    async () => ({ cases: (await store.cases(pool, 100)).map(caseJson) }),
  );

  const decide = (path: string, summary: string, act: (id: string, officer: string) => Promise<void>) =>
    app.post(
      `/api/v1/desk/blacklist/cases/:id/${path}`,
      {
        preHandler: requireAction("case.decide"),
        schema: { tags: ["blacklist"], summary, params: Id, response: answers(Type.Object({ id: Type.String() })) },
      },
      async (request) => {
        await act(request.params.id, staffOf(request).staffId);
        return { id: request.params.id };
      },
    );
  decide("confirm", "Confirm a case: the person is listed", (id, officer) => confirmCase(blacklist, id, officer));
  decide("lift/confirm", "Confirm that a listing is lifted", (id, officer) => confirmLift(blacklist, id, officer));

  app.post(
    "/api/v1/desk/blacklist/cases/:id/lift",
    {
      preHandler: requireAction("case.open"),
      schema: {
        tags: ["blacklist"],
        summary: "Propose to lift a listing",
        params: Id,
        body: Type.Object({ reason: Type.Integer({ minimum: 1, maximum: 5 }) }, { additionalProperties: false }),
        response: answers(Type.Object({ id: Type.String() })),
      },
    },
    async (request) => {
      await proposeLift(blacklist, request.params.id, request.body.reason, staffOf(request).staffId);
      return { id: request.params.id };
    },
  );

  app.post(
    "/api/v1/desk/blacklist/checks",
    {
      preHandler: requireAction("blacklist.check"),
      schema: {
        tags: ["blacklist"],
        summary: "Check a person for a business number; the check is traced",
        body: Type.Object(
          { documentType: Type.Optional(documentType), documentNumber, businessNumber: Line(40), purpose: Line(60) },
          { additionalProperties: false },
        ),
        response: answers(Type.Object({ check: Check })),
      },
    },
    async (request) => {
      const { body } = request;
      const answer = await checkNow(blacklist, {
        document: { type: body.documentType ?? "01", number: body.documentNumber },
        businessNumber: body.businessNumber,
        purpose: body.purpose,
        actor: staffOf(request).staffId,
      });
      const named = (bar: (typeof answer.bars)[number]) => ({
        centre: bar.centre,
        centreName: context.centreName(bar.centre),
        rule: bar.rule,
        ruleName: bar.ruleZh,
        conduct: bar.conduct,
        from: bar.startsOn,
        until: bar.endsOn,
      });
      return {
        check: {
          id: answer.id,
          result: answer.result,
          bars: answer.bars.map(named),
          flags: answer.flags.map(named),
          unknownBecause: answer.unknownBecause,
          mirrorAgeSeconds: answer.mirrorAgeSeconds,
          traceLeaf: answer.traceLeaf,
        },
      };
    },
  );

  const CheckLine = Type.Object({
    id: Type.String(),
    businessNumber: Type.String(),
    purpose: Type.String(),
    result: Type.String(),
    actor: Type.String(),
    at: Type.String(),
  });
  app.get(
    "/api/v1/desk/blacklist/checks",
    {
      preHandler: requireAction("case.read"),
      schema: {
        tags: ["blacklist"],
        summary: "Checks of this centre, newest first",
        response: answers(Type.Object({ checks: Type.Array(CheckLine) })),
      },
    },
    async () => ({
      checks: (await store.checks(pool, 100)).map((row) => ({
        id: row.id,
        businessNumber: row.businessNumber,
        purpose: row.purpose,
        result: row.result,
        actor: row.actor,
        at: row.checkedAt.toISOString(),
      })),
    }),
  );

  app.get(
    "/api/v1/members/blacklist/feed",
    {
      schema: {
        tags: ["members"],
        summary: "This centre's feed, for members with a signed request",
        querystring: Type.Object({ after: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) }),
        response: answers(
          Type.Object({
            centre: Type.String(),
            items: Type.Array(Type.Object({ sequence: Type.Integer(), item: Type.String(), signature: Type.String() })),
          }),
        ),
      },
    },
    async (request, reply) => {
      await memberOf(blacklist.peers, {
        authorization: request.headers.authorization,
        method: "GET",
        path: request.url,
      });
      return reply.header("cache-control", "no-store").send(await feedPage(blacklist, request.query.after));
    },
  );
}
