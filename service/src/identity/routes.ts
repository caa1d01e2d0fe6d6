// How persons and staff sign in and out, and who is signed in.
import rateLimit from "@fastify/rate-limit";
import type { FastifyRequest } from "fastify";
import type { App, AppContext } from "../app.ts";
import { answers, Type } from "../http.ts";
import type { Actor } from "./access.ts";
import { personRegister } from "./person-directory.ts";
import { askForCode, signInPerson, strictCodeLimits } from "./person-sign-in.ts";
import type { PersonSignInContext } from "./person-sign-in.ts";
import { absoluteMs, clearSessionCookie, endSession, idleMs, setSessionCookie } from "./session.ts";
import { signInStaff } from "./staff-sign-in.ts";
import { recordSignIn } from "./store.ts";

export interface IdentityContext extends AppContext {
  /** tells the sender of messages that one is waiting; it also looks by itself every second */
  wakeNotices?: () => void;
}

const CodeAsked = Type.Object(
  { challenge: Type.String(), expiresInSeconds: Type.Integer() },
  { description: "The same answer whether or not the person is known" },
);

const SignedIn = Type.Object({
  actor: Type.Union([
    Type.Object({ kind: Type.Literal("person"), personId: Type.String(), name: Type.String() }),
    Type.Object({
      kind: Type.Literal("staff"),
      staffId: Type.String(),
      name: Type.String(),
      roles: Type.Array(Type.String()),
    }),
    Type.Null(),
  ]),
  idleEndsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
  endsAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
});

export { identityRefusals } from "./refusals.ts";

const tags = ["identity"];

export async function identityRoutes(app: App, context: IdentityContext): Promise<void> {
  const { config, pool, now, random, metrics } = context;
  const persons: PersonSignInContext = {
    pool,
    now,
    random,
    persons: personRegister,
    provider: config.sms.provider,
    centreName: config.centre.name,
    // Nobody is disturbed by messages that are shown on a page.
    codeLimits:
      config.sms.provider === "development"
        ? strictCodeLimits.map(({ codes, withinMs }) => ({ codes: codes * 20, withinMs }))
        : strictCodeLimits,
  };
  // Signing in is limited by address even for a browser that has a session. Offices share one address: not too tight.
  const limited = {
    rateLimit: {
      max: Math.max(20, Math.floor(config.rateLimit / 20)),
      timeWindow: 60_000,
      keyGenerator: (request: FastifyRequest) => `sign-in ${rateLimit.normalizeIP(request.ip, 64)}`,
    },
  };

  /** Counts how signing in ends, whatever way that is. */
  async function counted<T>(kind: Actor["kind"], work: Promise<T>): Promise<T> {
    try {
      const done = await work;
      metrics.signIns.inc({ kind, outcome: "signed_in" });
      return done;
    } catch (error) {
      metrics.signIns.inc({ kind, outcome: "refused" });
      throw error;
    }
  }

  app.post(
    "/api/v1/sign-in/person/code",
    {
      config: limited,
      schema: {
        tags,
        summary: "Asks for a code by SMS",
        body: Type.Object({
          documentType: Type.Optional(Type.String({ pattern: "^[0-9]{2}$", default: "01" })),
          documentNumber: Type.String({ minLength: 1, maxLength: 32 }),
        }),
        response: answers(CodeAsked, 202),
      },
    },
    async ({ body }, reply) => {
      const asked = await askForCode({ type: body.documentType ?? "01", number: body.documentNumber }, persons);
      context.wakeNotices?.();
      return reply.code(202).header("cache-control", "no-store").send(asked);
    },
  );

  app.post(
    "/api/v1/sign-in/person",
    {
      config: limited,
      schema: {
        tags,
        summary: "Signs a person in with the code",
        body: Type.Object({
          challenge: Type.String({ pattern: "^[A-Za-z0-9_-]{43}$" }),
          code: Type.String({ pattern: "^[0-9]{6}$" }),
        }),
        response: answers(SignedIn),
      },
    },
    async (request, reply) => {
      const { token, actor } = await counted("person", signInPerson(request.body, request.session, persons));
      setSessionCookie(reply, token, config);
      return reply.header("cache-control", "no-store").send(await describe(actor));
    },
  );

  app.post(
    "/api/v1/sign-in/staff",
    {
      config: limited,
      schema: {
        tags,
        summary: "Signs a member of staff in",
        body: Type.Object({
          name: Type.String({ minLength: 1, maxLength: 80 }),
          password: Type.String({ minLength: 1, maxLength: 200 }),
        }),
        response: answers(SignedIn),
      },
    },
    async (request, reply) => {
      const { token, actor } = await counted(
        "staff",
        signInStaff(request.body, request.session, { pool, now, random }),
      );
      setSessionCookie(reply, token, config);
      return reply.header("cache-control", "no-store").send(await describe(actor));
    },
  );

  app.post(
    "/api/v1/sign-out",
    { schema: { tags, summary: "Ends the session; without one nothing happens", response: { 204: Type.Null() } } },
    async (request, reply) => {
      await endSession(pool, request);
      if (request.actor) await recordSignIn(pool, request.actor, "signed_out", now());
      clearSessionCookie(reply, config);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/session",
    { schema: { tags, summary: "Who is signed in; actor is null when nobody is", response: answers(SignedIn) } },
    async ({ actor, session }, reply) => {
      const described = actor ? await describe(actor) : { actor: null };
      return reply.header("cache-control", "no-store").send({
        ...described,
        idleEndsAt: session?.idleEndsAt.toISOString() ?? null,
        endsAt: session?.endsAt.toISOString() ?? null,
      });
    },
  );

  async function describe(actor: Actor) {
    // Right for a session that begins now; the session's own times replace them for one that runs already.
    const after = (ms: number) => new Date(now().getTime() + ms).toISOString();
    const ends = { idleEndsAt: after(idleMs), endsAt: after(absoluteMs) };
    if (actor.kind === "staff") {
      const { staffId, name, roles } = actor;
      return { actor: { kind: "staff" as const, staffId, name, roles: [...roles] }, ...ends };
    }
    const person = await personRegister.byId(pool, actor.personId);
    return { actor: { kind: "person" as const, personId: actor.personId, name: person?.name ?? "" }, ...ends };
  }
}
