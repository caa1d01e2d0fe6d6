// Staff of the demonstration: one account for each role, the same at every centre.
import { randomBytes } from "node:crypto";
import type { Pool } from "../../service/src/db.ts";
import type { Role } from "../../service/src/identity/access.ts";
import { ensureStaff } from "../../service/src/identity/staff-sign-in.ts";
import { findStaff } from "../../service/src/identity/store.ts";

/** Printed in the terminal and good for nothing else: a development password is no secret. */
export const demonstrationPassword = "demo-2026-cunzheng";

export const demonstrationStaff: readonly { name: Role; displayName: string; duty: string }[] = [
  { name: "clerk", displayName: "演示经办员", duty: "经办 clerk" },
  { name: "checker", displayName: "演示复核员", duty: "复核 checker" },
  { name: "administrator", displayName: "演示管理员", duty: "管理 administrator" },
  { name: "auditor", displayName: "演示稽核员", duty: "稽核 auditor" },
];

/**
 * Makes those of the demonstration's accounts that one centre's database lacks. One that is there stays as it is, also with
 * a password changed since; a second call changes nothing.
 */
export async function ensureDemonstrationStaff(pool: Pool, now: () => Date): Promise<void> {
  for (const { name, displayName } of demonstrationStaff) {
    if (await findStaff(pool, name)) continue;
    const account = { name, displayName, roles: [name], password: demonstrationPassword };
    await ensureStaff(pool, [account], { now, random: randomBytes });
  }
}
