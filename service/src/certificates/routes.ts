// How certificates are asked for, read and revoked, and how anybody who holds one gets its receipt.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Page, PageQuery, Type, answers, decodeCursor, idempotencyKey, pageOf } from "../http.ts";
import { dayInChina } from "../collection/month.ts";
import { DomainError } from "../errors.ts";
import { actorId, assertMay, mayDo, personOf, requireAction, requireActor, staffOf } from "../identity/access.ts";
import { anchoredSize } from "../log/log.ts";
import { fromHex } from "../proof/bytes.ts";
import type { Traces } from "../traces/trace.ts";
import { AskSchema, kindJson, wishOf } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { noteAsked } from "./bulk-pace.ts";
import { bulkRoutes } from "./bulk-routes.ts";
import type { Certificates } from "./certificate.ts";
import { fileFor } from "./file.ts";
import { LEVELS, levelOf } from "./levels-store.ts";
import { readSerial } from "./serial.ts";
import { confirmRevocation, proposeRevocation, receiptOf, standingOn } from "./standing.ts";
import type { ReceiptSource, RevocationReason, SubmitRevocation } from "./standing.ts";
import { revokedOnChain } from "./standing-store.ts";
import { subjectRoutes } from "./subject-routes.ts";
import * as store from "./store.ts";
import type { CertificateView } from "./store.ts";
import { issueTogether } from "./together.ts";
import { CertificateSchema, certificateJson } from "./view.ts";

export interface CertificateContext extends AppContext {
  certificates: Certificates;
  receipts: ReceiptSource;
  /** epoch of the log now */
  logEpoch: number;
  submitRevocation: SubmitRevocation;
  traces: Traces;
}

const Kind = Type.Object({
  code: Type.String(),
  title: Type.Object({ zh: Type.String(), en: Type.String() }),
  subject: Type.Union([Type.Literal("depositor"), Type.Literal("loan"), Type.Literal("unit")]),
  purpose: Type.String({ description: "what it is for when nobody says" }),
  details: Type.Unknown({ description: "JSON Schema of what the kind asks for; null when it asks for nothing" }),
});
const Answer = Type.Object({ certificate: CertificateSchema });
const Level = Type.Union(LEVELS.map((level) => Type.Literal(level)));
const ReceiptAnswer = Type.Object({
  receipt: Type.Unknown({ description: "service/src/proof/FORMAT.md §7" }),
  level: Level,
});
const Id = Type.Object({ id: Type.String({ pattern: "^cert_[a-z0-9]{16,40}$" }) });
const hex = (bytes: number) => Type.String({ pattern: `^[0-9a-f]{${2 * bytes}}$` });

export async function certificateRoutes(app: App, context: CertificateContext): Promise<void> {
  const { certificates, receipts, pool, now } = context;

  const issueOne = issueTogether(certificates);

  async function toJson(rows: readonly CertificateView[]) {
    const anchored = rows.some(({ leafIndex }) => leafIndex !== null) ? await anchoredSize(pool, context.logEpoch) : 0;
    return rows.map((row) => {
      const isAnchored = row.leafEpoch === context.logEpoch && row.leafIndex !== null && row.leafIndex < anchored;
      return certificateJson(row, certificates.kinds, now(), isAnchored);
    });
  }

  async function issue(ask: Ask, who: Parameters<typeof wishOf>[2]) {
    noteAsked(certificates);
    const issued = await issueOne(await wishOf(certificates, ask, who));
    return { certificate: (await toJson([issued]))[0]! };
  }

  await bulkRoutes(app, context);
  await subjectRoutes(app, context, toJson);

  app.get(
    "/api/v1/certificate-kinds",
    {
      schema: {
        tags: ["certificates"],
        summary: "The kinds of certificates, and what each asks for",
        response: answers(Type.Object({ kinds: Type.Array(Kind) })),
      },
    },
    async () => ({ kinds: [...certificates.kinds.values()].map(({ kind }) => kindJson(kind)) }),
  );

  app.post(
    "/api/v1/me/certificates",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("certificate.ask-own"),
      schema: {
        tags: ["certificates"],
        summary: "Issue a certificate to the person who asks",
        description: "Idempotency-Key required: the same key again answers with the same certificate.",
        body: Type.Object(AskSchema, { additionalProperties: false }),
        response: answers(Answer, 201),
      },
    },
    async (request, reply) => {
      const { personId } = personOf(request);
      const who = { personId, requestedBy: personId, requestKey: idempotencyKey(request) };
      return reply.code(201).send(await issue(request.body, who));
    },
  );

  app.post(
    "/api/v1/desk/certificates",
    {
      config: { idempotencyKey: true },
      preHandler: requireAction("certificate.issue"),
      schema: {
        tags: ["certificates"],
        summary: "Issue a certificate at the counter",
        description: "personId names whose account or loan it is; a unit's certificate has none.",
        body: Type.Object(
          { personId: Type.Optional(Type.String({ pattern: "^pers_[A-Za-z0-9]{1,40}$" })), ...AskSchema },
          { additionalProperties: false },
        ),
        response: answers(Answer, 201),
      },
    },
    async (request, reply) => {
      const { personId, ...ask } = request.body;
      const who = { requestedBy: staffOf(request).staffId, requestKey: idempotencyKey(request) };
      return reply.code(201).send(await issue(ask, personId === undefined ? who : { personId, ...who }));
    },
  );

  app.get(
    "/api/v1/me/certificates",
    {
      preHandler: requireAction("certificate.ask-own"),
      schema: {
        tags: ["certificates"],
        summary: "Own certificates",
        response: answers(Type.Object({ certificates: Type.Array(CertificateSchema) })),
      },
    },
    async (request) => ({ certificates: await toJson(await store.ofPerson(pool, personOf(request).personId)) }),
  );

  app.get(
    "/api/v1/desk/certificates",
    {
      preHandler: requireAction("certificate.read"),
      schema: {
        tags: ["certificates"],
        summary: "Certificates of the centre, newest first",
        querystring: PageQuery,
        response: answers(Page(CertificateSchema)),
      },
    },
    async (request) => {
      const limit = request.query.limit ?? 20;
      const key = decodeCursor(request.query.cursor, ["string", "string"]);
      if (key && Number.isNaN(Date.parse(key[0] as string)))
        throw new DomainError("INVALID_REQUEST", { where: "query/cursor", why: "is not a cursor (不是有效的游标)" });
      const rows = await store.newest(pool, {
        limit: limit + 1,
        ...(key ? { before: { drawnAt: new Date(key[0] as string), id: key[1] as string } } : {}),
      });
      const items = new Map((await toJson(rows)).map((item) => [item.id, item]));
      return pageOf(
        rows,
        limit,
        (row) => items.get(row.id)!,
        (row) => [row.drawnAt.toISOString(), row.id],
      );
    },
  );

  /** The certificate, if the one who asks is its holder or staff who may read: to anybody else it does not exist. */
  async function readable(id: string, actor: Parameters<typeof mayDo>[0]): Promise<CertificateView> {
    const [certificate] = await store.byIds(pool, [id]);
    const own = actor?.kind === "person" && certificate?.personId === actor.personId;
    if (!certificate || !(own || mayDo(actor, "certificate.read"))) throw new DomainError("CERTIFICATE_NOT_FOUND");
    return certificate;
  }

  app.get(
    "/api/v1/certificates/:id",
    {
      preHandler: requireActor(),
      schema: { tags: ["certificates"], summary: "One certificate", params: Id, response: answers(Answer) },
    },
    async (request) => ({ certificate: (await toJson([await readable(request.params.id, request.actor)]))[0]! }),
  );

  app.get(
    "/api/v1/certificates/:id/file",
    {
      preHandler: requireActor(),
      schema: {
        tags: ["certificates"],
        summary: "The sealed PDF: the same bytes each time for the same level",
        description:
          "The highest level that is stored if none is asked for; a renewed B-LTA begins with the one before.",
        params: Id,
        querystring: Type.Object({ level: Type.Optional(Level) }, { additionalProperties: false }),
      },
    },
    async (request, reply) => {
      const certificate = await readable(request.params.id, request.actor);
      const { level } = request.query;
      const found = request.actor && (await fileFor(pool, context.traces, certificate, request.actor, level));
      if (!found) throw new DomainError(level ? "LEVEL_NOT_REACHED" : "CERTIFICATE_NOT_FOUND");
      return reply
        .type("application/pdf")
        .header("content-disposition", `attachment; filename="${certificate.serial}.pdf"`)
        .header("cache-control", "private, no-store")
        .header("x-seal-level", found.level)
        .send(found.file);
    },
  );

  async function receiptAnswer(certificate: CertificateView) {
    const [receipt, level] = await Promise.all([receiptOf(receipts, pool, certificate), levelOf(pool, certificate.id)]);
    return { receipt, level };
  }

  app.get(
    "/api/v1/certificates/:id/receipt",
    {
      preHandler: requireActor(),
      schema: { tags: ["certificates"], summary: "Its receipt", params: Id, response: answers(ReceiptAnswer) },
    },
    async (request) => receiptAnswer(await readable(request.params.id, request.actor)),
  );

  // For whoever holds the file or the code; what they hold is the key, and the answer names nobody.
  app.get(
    "/api/v1/receipts/by-seal/:digest",
    {
      schema: {
        tags: ["verification"],
        summary: "Receipt for the holder of the file",
        params: Type.Object({ digest: hex(32) }),
        response: answers(ReceiptAnswer),
      },
    },
    async (request, reply) => {
      const certificate = await store.bySealedDigest(pool, fromHex(request.params.digest));
      if (!certificate) throw new DomainError("RECEIPT_NOT_FOUND");
      return reply.header("cache-control", "no-store").send(await receiptAnswer(certificate));
    },
  );
  app.get(
    "/api/v1/receipts/by-token/:token",
    {
      schema: {
        tags: ["verification"],
        summary: "Receipt for the holder of the QR code",
        params: Type.Object({ token: hex(16) }),
        response: answers(ReceiptAnswer),
      },
    },
    async (request, reply) => {
      const certificate = await store.byStandingToken(pool, fromHex(request.params.token));
      if (!certificate || certificate.leaf === null) throw new DomainError("RECEIPT_NOT_FOUND");
      return reply.header("cache-control", "no-store").send(await receiptAnswer(certificate));
    },
  );

  const StandingAnswer = Type.Object({
    serial: Type.String(),
    kind: Type.String(),
    kindName: Type.String(),
    centre: Type.String(),
    issuedOn: Type.String(),
    validUntil: Type.String(),
    state: Type.String(),
    on: Type.String({ description: "the day that the standing is of, YYYY-MM-DD" }),
    standing: Type.String({ description: "valid, revoked, superseded, expired or not-yet-issued" }),
    reason: Type.Union([Type.Integer(), Type.Null()]),
    since: Type.Union([Type.String(), Type.Null()], { description: "when it ended with the centre" }),
    sinceOnChain: Type.Union([Type.String(), Type.Null()], {
      description: "time of the block that says so; null while the chain does not",
    }),
  });
  app.get(
    "/api/v1/certificates/standing/:serial",
    {
      // A number can be tried out: the answer names nobody, and a bank does not type more than this.
      config: { rateLimit: { max: 30, timeWindow: 60_000 } },
      schema: {
        tags: ["verification"],
        summary: "Standing by number, today or on an earlier day; nothing personal",
        description:
          "A day is judged by its end in Asia/Shanghai: what is revoked on a day was valid on the day before.",
        params: Type.Object({ serial: Type.String({ minLength: 20, maxLength: 120 }) }),
        querystring: Type.Object(
          { on: Type.Optional(Type.String({ format: "date", description: "not in the future; today if absent" })) },
          { additionalProperties: false },
        ),
        response: answers(StandingAnswer),
      },
    },
    async (request, reply) => {
      if (!readSerial(request.params.serial)) throw new DomainError("SERIAL_INVALID");
      const certificate = await store.bySerial(pool, request.params.serial);
      if (!certificate || certificate.issuedAt === null) throw new DomainError("CERTIFICATE_NOT_FOUND");
      const today = dayInChina(now());
      const { on = today } = request.query;
      if (on > today)
        throw new DomainError("INVALID_REQUEST", { where: "query/on", why: "lies in the future (在将来)" });
      const [json] = await toJson([certificate]);
      const onChain = await revokedOnChain(pool, certificates.centre.code, certificate.statusIndex);
      const standing = standingOn(certificate, on, onChain);
      return reply.header("cache-control", "no-store").send({
        serial: certificate.serial,
        kind: certificate.kind,
        kindName: json!.kindName,
        centre: certificates.centre.code,
        issuedOn: json!.issuedAt.slice(0, 10),
        validUntil: certificate.validUntil,
        state: json!.state,
        on,
        standing: standing.standing,
        reason: standing.reason ?? null,
        since: standing.since ?? null,
        sinceOnChain: standing.sinceOnChain ?? null,
      });
    },
  );

  app.post(
    "/api/v1/desk/certificates/:id/revoke",
    {
      preHandler: requireAction("certificate.propose-revocation"),
      schema: {
        tags: ["certificates"],
        summary: "Propose to revoke; another officer confirms",
        params: Id,
        body: Type.Object(
          { reason: Type.Integer({ minimum: 1, maximum: 6 }), note: Type.String({ minLength: 1, maxLength: 500 }) },
          { additionalProperties: false },
        ),
        response: answers(Answer),
      },
    },
    async (request) => {
      const { reason, note } = request.body;
      await proposeRevocation(pool, {
        certificateId: request.params.id,
        reason: reason as RevocationReason,
        note,
        proposedBy: staffOf(request).staffId,
        now: now(),
      });
      return { certificate: (await toJson([await readable(request.params.id, request.actor)]))[0]! };
    },
  );

  app.post(
    "/api/v1/desk/certificates/:id/revoke/confirm",
    {
      preHandler: requireAction("certificate.revoke"),
      schema: {
        tags: ["certificates"],
        summary: "Confirm a proposed revocation",
        params: Id,
        response: answers(Answer),
      },
    },
    async (request) => {
      assertMay(request.actor, "certificate.revoke");
      await confirmRevocation(pool, context.submitRevocation, {
        certificateId: request.params.id,
        confirmedBy: actorId(request.actor),
        now: now(),
      });
      return { certificate: (await toJson([await readable(request.params.id, request.actor)]))[0]! };
    },
  );
}
