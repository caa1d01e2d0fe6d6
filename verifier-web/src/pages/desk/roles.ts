// What the page offers to whom. It saves people a refusal; the service decides (identity/access.ts).
import { session } from "../../api/session.ts";
import type { Role } from "../../api/types.ts";
import type { desk } from "../../messages/zh-CN/desk.ts";

const allowed = {
  overview: ["clerk", "checker", "administrator", "auditor"],
  find: ["clerk"],
  issue: ["clerk"],
  "confirm-bulk": ["checker"],
  "cancel-bulk": ["clerk", "checker", "administrator"],
  certificates: ["clerk", "checker", "administrator", "auditor"],
  "propose-revocation": ["clerk"],
  "confirm-revocation": ["checker", "administrator"],
  read: ["clerk", "checker", "auditor"],
  "open-case": ["clerk"],
  "decide-case": ["checker"],
  check: ["clerk", "checker"],
  refuse: ["clerk"],
} as const satisfies Record<string, readonly Role[]>;

export type Work = keyof typeof allowed;

export function may(work: Work): boolean {
  const actor = session.actor;
  const roles: readonly Role[] = allowed[work];
  return actor?.kind === "staff" && actor.roles.some((role) => roles.includes(role));
}

/** The id of whoever is signed in: nobody confirms their own work. */
export function me(): string {
  return session.actor?.kind === "staff" ? session.actor.staffId : "";
}

export function roleNames(t: typeof desk): string {
  return session.actor?.kind === "staff" ? session.actor.roles.map((role) => t.roles[role]).join(" · ") : "";
}
