import { beforeAll, describe, expect, it } from "vitest";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { parameterHistory, parameterOn, setParameters, valueOn } from "../../service/src/parameters/parameter.ts";
import { demonstrationCentres, demonstrationParameters } from "../../scripts/demo/centres.ts";
import { freshDatabase } from "../helpers/database.ts";

let pool: Pool;
beforeAll(async () => {
  ({ pool } = await freshDatabase());
  await transaction(pool, (tx) => setParameters(tx, demonstrationParameters("C46010")));
});

describe("a dated parameter", () => {
  it("holds from its day until the next one begins", async () => {
    expect(await parameterOn(pool, "deposit.base_limits", "2026-06-30")).toEqual({
      lowerFen: "210000",
      upperFen: "2950000",
    });
    expect(await parameterOn(pool, "deposit.base_limits", "2026-07-01")).toEqual({
      lowerFen: "225000",
      upperFen: "3045267",
    });
    const rows = await parameterHistory(pool, "deposit.base_limits");
    expect(valueOn(rows, "deposit.base_limits", "2026-06-30").lowerFen).toBe("210000");
  });

  it("is not set before its first day", async () => {
    await expect(parameterOn(pool, "deposit.rounding", "1999-01-01")).rejects.toMatchObject({
      code: "PARAMETER_NOT_SET",
      params: { code: "deposit.rounding", date: "1999-01-01" },
    });
  });

  it("set again is the same; set otherwise for the same day is refused", async () => {
    await setParameters(pool, demonstrationParameters("C46010"));
    await expect(
      setParameters(pool, [
        { code: "deposit.year_start", validFrom: "2020-07-01", value: { month: 1 }, source: "other" },
      ]),
    ).rejects.toMatchObject({ code: "PARAMETER_EXISTS_WITH_DIFFERENT_CONTENT" });
  });

  it("says where it stands, in every demonstration centre", () => {
    for (const { code } of demonstrationCentres)
      for (const row of demonstrationParameters(code)) expect(row.source.length).toBeGreaterThan(5);
  });
});
