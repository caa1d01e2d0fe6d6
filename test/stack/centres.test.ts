import { describe, expect, it } from "vitest";
import { demonstrationCentres as imported } from "../../scripts/demo/centres.ts";
import { creditCode, demonstrationCentres } from "../../scripts/stack/centres.ts";
import { isCreditCode } from "../../service/src/config.ts";

describe("the demonstration's centres", () => {
  it("have synthetic credit codes with valid check characters", () => {
    const codes = demonstrationCentres.map((centre) => centre.creditCode);
    expect(codes.filter((code) => !isCreditCode(code) || code.slice(8, 12) !== "XX00")).toEqual([]);
  });

  it("have check characters as the standards compute them", () => {
    // GB 11714's own example: body D2143569, check character X
    expect(creditCode("12460000D2143569").slice(8, 17)).toBe("D2143569X");
  });

  it("are those that demonstration data exist for", () => {
    expect(demonstrationCentres.map(({ code }) => code)).toEqual(imported.map(({ code }) => code));
  });
});
