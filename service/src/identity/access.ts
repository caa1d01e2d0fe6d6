// Who may do what, in one place. What the table does not grant is refused.
import type { FastifyReply, FastifyRequest } from "fastify";
import { DomainError, invariant } from "../errors.ts";

export type Role = "clerk" | "checker" | "administrator" | "auditor";
export const allRoles: readonly Role[] = ["clerk", "checker", "administrator", "auditor"];

export interface PersonActor {
  kind: "person";
  personId: string;
}
export interface StaffActor {
  kind: "staff";
  staffId: string;
  /** what is shown: the display name */
  name: string;
  roles: readonly Role[];
}
/** Who sends the request, as the session says it. */
export type Actor = PersonActor | StaffActor;

/**
 * Action → who may do it. "person" means the signed-in person for themselves: the route still compares ids. Two pairs of
 * eyes are two different staff ids, whatever their roles: the domain refuses a checker who was the clerk.
 */
const granted = {
  "account.read-own": ["person"],
  "certificate.ask-own": ["person"],
  "certificate.issue": ["clerk"],
  "certificate.confirm-bulk": ["checker"],
  "certificate.cancel-bulk": ["clerk", "checker", "administrator"],
  "certificate.read": ["clerk", "checker", "administrator", "auditor"],
  "certificate.propose-revocation": ["clerk"],
  "certificate.revoke": ["checker", "administrator"],
  "reply.register": ["clerk"],
  "reply.confirm": ["checker"],
  "reply.reject": ["clerk", "checker"],
  "person.find": ["clerk"],
  "inquiry.traces-own": ["person"],
  "inquiry.traces": ["auditor"],
  "consent.decide-own": ["person"],
  "case.open": ["clerk"],
  "case.read": ["clerk", "checker", "auditor"],
  "case.decide": ["checker"],
  "case.answer-own": ["person"],
  "blacklist.check": ["clerk", "checker"],
  "withdrawal.ask-own": ["person"],
  "withdrawal.accept": ["clerk"],
  "withdrawal.decide": ["checker"],
  "withdrawal.read": ["clerk", "checker", "auditor"],
  "withdrawal.refuse": ["clerk"],
  "import.run": ["administrator"],
  "parameter.propose": ["administrator"],
  "parameter.approve": ["checker"],
  "registry.read": ["clerk", "checker", "administrator", "auditor"],
  "log.read": ["clerk", "checker", "administrator", "auditor"],
  "staff.manage": ["administrator"],
  "audit.read": ["auditor"],
} as const satisfies Record<string, readonly ("person" | Role)[]>;

export type Action = keyof typeof granted;

/** The table, for the documentation and the tests. */
export const accessTable: Readonly<Record<Action, readonly ("person" | Role)[]>> = granted;

/** May this actor do it? Nobody signed in may do nothing. */
export function mayDo(actor: Actor | null, action: Action): boolean {
  const who: readonly string[] = accessTable[action] ?? [];
  if (actor === null) return false;
  return actor.kind === "person" ? who.includes("person") : actor.roles.some((role) => who.includes(role));
}

/** @throws DomainError NOT_SIGNED_IN or NOT_ALLOWED */
export function assertMay(actor: Actor | null, action: Action): asserts actor is Actor {
  if (actor === null) throw new DomainError("NOT_SIGNED_IN");
  if (!mayDo(actor, action)) throw new DomainError("NOT_ALLOWED");
}

type PreHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** preHandler of a route: whoever sends it may do this action. */
export function requireAction(action: Action): PreHandler {
  invariant(action in accessTable, `action ${action} is not in the table`);
  return async (request) => assertMay(request.actor, action);
}

/** preHandler of a route: somebody of this kind is signed in. */
export function requireActor(kind?: Actor["kind"]): PreHandler {
  return async ({ actor }) => {
    if (actor === null) throw new DomainError("NOT_SIGNED_IN");
    if (kind && actor.kind !== kind) throw new DomainError("NOT_ALLOWED");
  };
}

/** preHandler of a route: staff with one of these roles. Prefer `requireAction`: its table says why. */
export function requireRole(...roles: [Role, ...Role[]]): PreHandler {
  return async ({ actor }) => {
    if (actor === null) throw new DomainError("NOT_SIGNED_IN");
    if (actor.kind !== "staff" || !actor.roles.some((role) => roles.includes(role)))
      throw new DomainError("NOT_ALLOWED");
  };
}

/** The person who sends the request, inside a handler behind `requireActor("person")`. */
export function personOf(request: FastifyRequest): PersonActor {
  if (request.actor === null) throw new DomainError("NOT_SIGNED_IN");
  if (request.actor.kind !== "person") throw new DomainError("NOT_ALLOWED");
  return request.actor;
}

/** The member of staff who sends the request, inside a handler behind `requireActor("staff")`. */
export function staffOf(request: FastifyRequest): StaffActor {
  if (request.actor === null) throw new DomainError("NOT_SIGNED_IN");
  if (request.actor.kind !== "staff") throw new DomainError("NOT_ALLOWED");
  return request.actor;
}

/** Who acts, as one text: for Idempotency-Key and for columns that say who did it. */
export function actorId(actor: Actor): string {
  return actor.kind === "person" ? actor.personId : actor.staffId;
}
