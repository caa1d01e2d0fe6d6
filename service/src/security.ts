// What a browser may do with our pages and answers: headers, and who may send what from where.
import helmet from "@fastify/helmet";
import type { FastifyRequest } from "fastify";
import { DomainError } from "./errors.ts";
import type { App } from "./http.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * The route takes requests from anywhere, because what it does rests on a proof inside the request and never on a
     * cookie: a session is not looked at. Such a route may register parsers for other content types than JSON.
     */
    anyOrigin?: boolean;
    /** The route needs an Idempotency-Key: said in the description of the interface, asked for by the handler. */
    idempotencyKey?: boolean;
  }
}

export interface SecurityOptions {
  /** the service's own origin */
  publicUrl: string;
  secure: boolean;
  /** origins of the other centres, of today's trust list: the verifier asks them too */
  connectOrigins: () => readonly string[];
}

const unsafeMethods = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Addresses that any page may read: public, and the same for everybody. The chain proxy takes read-only JSON-RPC. */
const publicAddresses: readonly { pattern: RegExp; methods: string }[] = [
  { pattern: /^\/api\/v1\/(?:trust-list|consortium)$/, methods: "GET, HEAD, OPTIONS" },
  { pattern: /^\/api\/v1\/certificates\/standing\/[^/]+$/, methods: "GET, HEAD, OPTIONS" },
  { pattern: /^\/api\/v1\/receipts\/by-(?:seal|token)\/[^/]+$/, methods: "GET, HEAD, OPTIONS" },
  { pattern: /^\/api\/v1\/certificates\/standing\/[^/]+$/, methods: "GET, HEAD, OPTIONS" },
  { pattern: /^\/api\/v1\/chain$/, methods: "POST, OPTIONS" },
  { pattern: /^\/log\/.+$/, methods: "GET, HEAD, OPTIONS" },
];

export async function registerSecurity(app: App, options: SecurityOptions): Promise<void> {
  const own = new URL(options.publicUrl).origin;
  // An origin from the trust list is other people's data: it becomes part of the header only if it is nothing but an origin.
  const connect = () => ["'self'", ...new Set(options.connectOrigins().filter(isOrigin))].join(" ");

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "connect-src": [connect],
        "script-src": ["'self'", "'wasm-unsafe-eval'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
      },
    },
    strictTransportSecurity: options.secure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });

  app.addHook("onRequest", async (request, reply) => {
    // The camera is for reading codes; nothing else of the device is used.
    reply.header("permissions-policy", "camera=(self), geolocation=(), microphone=(), payment=(), usb=()");
    const open = publicAddress(request);
    if (open) {
      reply.header("access-control-allow-origin", "*").header("cross-origin-resource-policy", "cross-origin");
      if (request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
        return reply
          .code(204)
          .header("access-control-allow-methods", open.methods)
          .header("access-control-allow-headers", "content-type")
          .header("access-control-max-age", "86400")
          .send();
      }
    }
    if (unsafeMethods.has(request.method)) refuseOtherOrigins(request, own, open !== undefined);
  });
}

function publicAddress(request: FastifyRequest): { methods: string } | undefined {
  const path = request.url.split("?", 1)[0]!;
  const wanted = request.headers["access-control-request-method"] ?? request.method;
  return publicAddresses.find(
    ({ pattern, methods }) => pattern.test(path) && methods.includes(String(wanted).toUpperCase()),
  );
}

/**
 * A page of another site can make a browser send a request with our cookie, but not with our Origin. A program that
 * sends no Origin shows that it is none by an Authorization header, which no foreign page can set.
 */
function refuseOtherOrigins(request: FastifyRequest, own: string, open: boolean): void {
  if (open || request.routeOptions.config.anyOrigin) return;
  const { origin, authorization } = request.headers;
  if (origin === undefined ? authorization === undefined : origin !== own) throw new DomainError("ORIGIN_REFUSED");
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && /^https?:\/\/[A-Za-z0-9.:[\]-]+$/.test(value) && new URL(value).origin === value;
}
