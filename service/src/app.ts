// The assembled app, apart from the process that serves it. What every request passes, in this order:
//   load is bearable → security headers, CORS, Origin → who is it (session) → not too often → schema → the domain's route
// and whatever goes wrong leaves as a problem (http.ts).
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import type { Socket } from "node:net";
import path from "node:path";
import fastifyCookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import fastifyStatic from "@fastify/static";
import swagger from "@fastify/swagger";
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import underPressure from "@fastify/under-pressure";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { LogController } from "fastify";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";
import { registerApiPage } from "./api-page.ts";
import type { Config } from "./config.ts";
import type { Pool } from "./db.ts";
import { DomainError } from "./errors.ts";
import { registerHealth } from "./health.ts";
import type { ReadinessCheck } from "./health.ts";
import { Problem, sendProblem, Type, validatorCompiler } from "./http.ts";
import type { App } from "./http.ts";
import type { RandomBytes } from "./ids.ts";
import { cookieName, registerSessions } from "./identity/session.ts";
import type { Logger } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import { registerSecurity } from "./security.ts";

export type { App } from "./http.ts";
export type { ReadinessCheck } from "./health.ts";

/** What everything is built from. Domains that need more extend it: `Domain<AppContext & { log: LogContext }>`. */
export interface AppContext {
  config: Config;
  pool: Pool;
  log: Logger;
  metrics: Metrics;
  now: () => Date;
  random: RandomBytes;
  /** origins of the other centres, as the mirror knows them at this moment */
  connectOrigins: () => readonly string[];
  /** what else must be well before this replica takes requests, for example the age of the mirror */
  readiness: readonly ReadinessCheck[];
}

/** Adds the routes of one domain. */
export type Domain<Context extends AppContext = AppContext> = (app: App, context: Context) => Promise<void>;

/**
 * Builds the app; it does not listen. The caller owns pool and loops and ends them after `app.close()`.
 * @param domains in the order in which the API page shows them
 */
export async function buildApp<Context extends AppContext>(
  context: Context,
  domains: readonly Domain<Context>[],
): Promise<App> {
  const { config, log, metrics } = context;
  const { trustProxy: hops } = config;
  const app: App = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    // Fastify would log addresses as they were sent; the hook below writes our own line.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: typeof hops === "number" ? (_address, hop) => hop < hops : hops,
    bodyLimit: config.bodyLimit,
    // The number goes into problems and the log: a client's own would be untrusted text there.
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 300 },
    forceCloseConnections: "idle",
    return503OnClosing: true,
    frameworkErrors: sendProblem,
    clientErrorHandler: refuseUnreadable,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(validatorCompiler as never);
  app.setErrorHandler(sendProblem);
  app.addSchema(Problem);
  app.removeContentTypeParser("text/plain");

  const routes = rememberRoutes(app);
  measure(app, metrics);
  await app.register(underPressure, {
    // Tests share a busy machine: there a late answer is only late, and a refused one would be a false alarm.
    maxEventLoopDelay: config.environment === "test" ? 0 : 3000,
    pressureHandler: async (request) => {
      // The one who watches us must be answered above all when we are in trouble.
      if (!["/healthz", "/readyz", "/metrics"].includes(request.routeOptions.url ?? "")) throw new DomainError("BUSY");
    },
  });
  await registerSecurity(app, {
    publicUrl: config.publicUrl,
    secure: config.secure,
    connectOrigins: context.connectOrigins,
  });
  await app.register(fastifyCookie);
  registerSessions(app, context);
  await app.register(rateLimit, {
    max: config.rateLimit,
    timeWindow: 60_000,
    cache: 20_000,
    keyGenerator: rateLimitKey,
    errorResponseBuilder: (_request, { ttl }) =>
      new DomainError("TOO_MANY_REQUESTS", { seconds: Math.max(1, Math.ceil(ttl / 1000)) }),
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: `${config.centre.name} · 存证`,
        version: "1",
        description: "Errors are RFC 9457 problems with a stable code. Money is a decimal string in yuan.",
      },
      servers: [{ url: config.publicUrl }],
      components: {
        securitySchemes: { session: { type: "apiKey", in: "cookie", name: cookieName(config) } },
      },
    },
    transform: describeRoute,
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (json.$id as string | undefined) ?? `schema-${i}`,
    },
  });

  await app.register(async (scope) => {
    for (const domain of [centre, ...domains]) {
      // Each in a scope of its own: a parser or hook that one registers is not the other's.
      await scope.register(async (own) => domain(own as App, context));
    }
  });
  registerHealth(app, context);
  registerApiPage(app);
  await registerWebApp(app, config, routes);
  return app;
}

const IdempotencyKey = Type.Object({
  "idempotency-key": Type.String({
    minLength: 16,
    maxLength: 128,
    description: "a new random value for each action; the same value again is the same action",
  }),
});

/** What the description of the interface says of a route besides its schema: who may call it, and what it needs. */
function describeRoute({ schema, url, route }: Parameters<NonNullable<FastifyDynamicSwaggerOptions["transform"]>>[0]) {
  const method = [route.method].flat()[0]!.toLowerCase();
  return {
    url,
    schema: {
      ...schema,
      operationId: `${method}${url.replace(/\/api\/v1/, "").replaceAll(/[^A-Za-z]+(.)?/g, (_, next: string = "") => next.toUpperCase())}`,
      ...(route.preHandler === undefined ? {} : { security: [{ session: [] }] }),
      ...(route.config?.idempotencyKey ? { headers: IdempotencyKey } : {}),
    } as typeof schema,
  };
}

/** Who this centre is, for the pages. */
const centre: Domain = async (app, { config }) => {
  const Centre = Type.Object({
    code: Type.String(),
    name: Type.String(),
    creditCode: Type.String(),
    publicUrl: Type.String(),
    developmentLabel: Type.String({ description: "to be shown on every page unless it is empty" }),
    developmentMessages: Type.Boolean({ description: "messages are shown on a page instead of being sent" }),
  });
  app.get(
    "/api/v1/centre",
    { schema: { tags: ["centre"], summary: "Who this centre is", response: { 200: Centre } } },
    async () => ({
      ...config.centre,
      publicUrl: config.publicUrl,
      developmentLabel: config.developmentLabel,
      developmentMessages: config.sms.provider === "development",
    }),
  );
};

/** One count for each session; without one, for each address (for IPv6 each network of 64 bits, which is one household). */
function rateLimitKey(request: FastifyRequest): string {
  return request.session ? `session ${request.session.key}` : `address ${rateLimit.normalizeIP(request.ip, 64)}`;
}

function measure(app: App, metrics: Metrics): void {
  app.addHook("onResponse", async (request, reply) => {
    // The pattern of the route, never the address: an address holds what people type.
    const route = request.routeOptions.url ?? "(none)";
    const { statusCode: status } = reply;
    const seconds = reply.elapsedTime / 1000;
    metrics.httpSeconds.observe({ method: request.method, route, status: String(status) }, seconds);
    request.log.info({ method: request.method, route, status, ms: Math.round(reply.elapsedTime) }, "answered");
  });
}

interface KnownRoute {
  pattern: RegExp;
  methods: string[];
}

/** Remembers all routes, so that a known address with another method is answered with 405 and the methods it takes. */
function rememberRoutes(app: App): KnownRoute[] {
  const routes: KnownRoute[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
    const pattern = url
      .split(/(:[A-Za-z0-9_]+(?:\([^)]*\))?|\*)/)
      .map((part) => (part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : literal(part)))
      .join("");
    routes.push({ pattern: new RegExp(`^${pattern}$`), methods: [method].flat() });
  });
  return routes;
}

/**
 * The built web app: its files with hashed names for ever, index.html always fresh. It finds its own pages, so each of their
 * addresses gets index.html; any other address that a person opens gets it with 404, and it says that there is no such page.
 * Addresses of the interface and of files never get it.
 */
async function registerWebApp(app: App, config: Config, routes: readonly KnownRoute[]): Promise<void> {
  const index = path.join(config.webRoot, "index.html");
  const built = fs.existsSync(index);
  // Written by the build beside index.html: the addresses that the app has pages for.
  const pages = new Set<string>(
    built ? (JSON.parse(fs.readFileSync(path.join(config.webRoot, "pages.json"), "utf8")) as string[]) : [],
  );
  if (built) {
    await app.register(fastifyStatic, {
      root: config.webRoot,
      // Files are listed once at start: an address can then never reach anything else.
      wildcard: false,
      index: false,
      cacheControl: false,
      preCompressed: true,
      schemaHide: true,
      setHeaders(reply, file) {
        const hashed = /[\\/]assets[\\/].*-[A-Za-z0-9_-]{8,}\.\w+(?:\.(?:br|gz))?$/.test(file);
        reply.header("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  } else app.log.warn("the web app is not built: pages answer 404");

  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request, reply) => {
    const address = request.url.split("?", 1)[0]!;
    const allowed = [...new Set(routes.flatMap(({ pattern, methods }) => (pattern.test(address) ? methods : [])))];
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      reply.header("allow", allowed.join(", "));
      throw new DomainError("METHOD_NOT_ALLOWED", { allowed: allowed.join(", ") });
    }
    const accept = request.headers.accept ?? "*/*";
    const mayBePage = built && !/^\/(?:api|log|assets|fonts)(?:\/|$)/.test(address);
    if (mayBePage && (request.method === "GET" || request.method === "HEAD")) {
      // A page goes to whoever takes anything, such as curl; the page that says "not there" only to who asks for pages.
      const isPage = pages.has(address.replace(/\/+$/, "") || "/");
      if (isPage && /text\/html|\*\/\*/.test(accept)) return reply.sendFile("index.html");
      if (isPage || !accept.includes("text/html")) throw new DomainError("NOT_FOUND");
      // Not by sendFile, which answers 200, or 304 to a browser that has seen the page under another address.
      reply.code(404).header("cache-control", "no-store").type("text/html; charset=utf-8");
      return reply.send(await fs.promises.readFile(index));
    }
    throw new DomainError("NOT_FOUND");
  });
}

/** What is not even HTTP gets a bare 400, without a word about it in the log but that it happened. */
function refuseUnreadable(this: App, error: NodeJS.ErrnoException, socket: Socket) {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  this.log.debug({ code: error.code }, "unreadable request");
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  socket.destroy(error);
}
