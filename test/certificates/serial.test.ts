import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCharacter, readSerial, serialOf } from "../../service/src/certificates/serial.ts";

// Identifiers of real licences, from public code bases (domain.md §5).
const real = [
  { parts: ["11100000000013338W011", "11430000006122244L", "20230000403", "001"], check: "U" },
  { parts: ["11100000MB03271699022", "340100", "000000016", "001"], check: "9" },
  { parts: ["11100000000013338W009", "11330105002500287C", "2025052201", "002"], check: "0" },
];

describe("a serial", () => {
  it.each(real)("has the check character that real identifiers have: $check", ({ parts, check }) => {
    expect(checkCharacter(parts.join(""))).toBe(check);
  });

  it("is read back in its parts when its issuer is a credit code", () => {
    for (const { parts, check } of [real[0]!, real[2]!]) {
      const [typeCode, issuer, flow, version] = parts as [string, string, string, string];
      const serial = serialOf({ typeCode, issuer, flow, version });
      expect(serial).toBe(`1.2.156.3005.2.${parts.join(".")}.${check}`);
      expect(readSerial(serial)).toEqual({ typeCode, issuer, flow, version });
    }
  });

  const characters = fc.string({
    unit: fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    minLength: 1,
    maxLength: 40,
  });

  it("shows one wrong character and two neighbours in the wrong order", () => {
    fc.assert(
      fc.property(characters, fc.nat(), fc.nat(35), (flow, at, other) => {
        const parts = { typeCode: "11100000000013338W999", issuer: "12460000000000000C", version: "001" };
        const serial = serialOf({ ...parts, flow });
        expect(readSerial(serial)?.flow).toBe(flow);
        const i = serial.indexOf(flow, 56) + (at % flow.length);
        const wrong = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[other]!;
        const slip = serial.slice(0, i) + wrong + serial.slice(i + 1);
        expect(readSerial(slip) === undefined).toBe(slip !== serial);
      }),
    );
  });

  it("is nothing else", () => {
    const good = serialOf({
      typeCode: "11100000000013338W999",
      issuer: "12460000000000000C",
      flow: "1",
      version: "001",
    });
    for (const bad of [
      "",
      "x",
      good.toLowerCase(),
      ` ${good}`,
      `${good}\n`,
      good.replace("3005", "3006"),
      good.slice(0, -1),
    ])
      expect(readSerial(bad)).toBeUndefined();
    expect(() => checkCharacter("a")).toThrow("invariant broken");
  });
});
