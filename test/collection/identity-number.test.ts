import { describe, expect, it } from "vitest";
import {
  creditCodeCheck,
  creditCodeFault,
  idNumberCheck,
  idNumberFault,
} from "../../service/src/collection/identity-number.ts";

const today = "2026-11-22";

describe("ID numbers (GB 11643)", () => {
  it("have the check character of the standard's own examples", () => {
    // The two numbers printed in GB 11643-1999 itself.
    expect(idNumberCheck("11010519491231002")).toBe("X");
    expect(idNumberCheck("44052418800101001")).toBe("4");
  });

  it.each([
    ["000101199001011233", "check"],
    ["00010119900230123X", "date"],
    ["000101189912311230", "date"],
    ["000101203001011230", "date"],
    ["00010119900101123x", "form"],
    ["0001011990010112", "form"],
    ["00010119900101123Y", "form"],
  ])("%s is wrong in its %s", (number, fault) => expect(idNumberFault(number, today)).toBe(fault));

  it("every single changed digit is noticed", () => {
    const first17 = "00010119900101123";
    const number = first17 + idNumberCheck(first17);
    expect(idNumberFault(number, today)).toBeUndefined();
    for (let position = 0; position < 17; position++) {
      const changed = number.slice(0, position) + ((Number(number[position]) + 1) % 10) + number.slice(position + 1);
      expect(idNumberFault(changed, today)).toBeDefined();
    }
  });
});

describe("unified social credit codes (GB 32100)", () => {
  it("have the check character of a published code", () => {
    // Of a large listed company, as printed on its own site.
    expect(creditCodeFault("9144030071526726XG")).toBeUndefined();
    const first17 = "91000000000100001";
    expect(creditCodeFault(first17 + creditCodeCheck(first17))).toBeUndefined();
  });

  it.each([
    ["910000000001000010", "check"],
    ["91000000000100001", "form"],
    ["91000000000100001O", "form"],
    ["91000000000100001i", "form"],
  ])("%s is wrong in its %s", (code, fault) => expect(creditCodeFault(code)).toBe(fault));
});
