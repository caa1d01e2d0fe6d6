// Where identity looks persons up: the register of depositors, through the little that signing in needs of it.
import { findPerson, personOf } from "../collection/register.ts";
import type { Queryable } from "../db.ts";

export interface KnownPerson {
  id: string;
  name: string;
  phone: string | null;
}

export interface PersonDirectory {
  /** @param type ZJLX, table A.1; @param number canonical: capitals, no blanks */
  byDocument(db: Queryable, type: string, number: string): Promise<KnownPerson | undefined>;
  byId(db: Queryable, personId: string): Promise<KnownPerson | undefined>;
}

export const personRegister: PersonDirectory = {
  byDocument: (db, documentType, documentNumber) => findPerson(db, { documentType, documentNumber }),
  byId: personOf,
};
