// The opening and closing sentences of the kinds whose wording no authority has laid down: the kind proposes them, and the
// centre may set its own (parameter `certificate.wording`). What was used stands in the record, so that a form can be drawn again.
import type { Queryable } from "../../db.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import { fillIn } from "../../pdf/description.ts";
import type { Day } from "./kind.ts";

export interface Wording {
  readonly opening?: string;
  readonly closing?: string;
}

/** The centre's own sentences of a kind on a day; undefined where it has set none. */
export async function wordingOf(db: Queryable, code: string, today: Day): Promise<Wording | undefined> {
  return (await parameterHistory(db, "certificate.wording")).findLast((row) => row.validFrom <= today)?.value[code];
}

/** Both sentences with their values: the centre's own, else the kind's. */
export function sentences(
  own: Wording | null | undefined,
  proposed: Required<Wording>,
  values: Readonly<Record<string, string>>,
): { opening: string; closing: string } {
  return {
    opening: fillIn(own?.opening ?? proposed.opening, values),
    closing: fillIn(own?.closing ?? proposed.closing, values),
  };
}
