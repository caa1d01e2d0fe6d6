import * as fc from "fast-check";
import { fromBER } from "asn1js";
import { describe, expect, it } from "vitest";
import {
  childrenOf,
  firstDer,
  oidOf,
  readDer,
  smallOf,
  tags,
  timeOf,
  unsignedOf,
} from "../../service/src/verify/der.ts";
import { CheckFailed } from "../../service/src/verify/verdict.ts";
import { der, integer, oid, seq } from "./maker.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

describe("DER", () => {
  it("reads what the maker writes", () => {
    const [number, name] = childrenOf(readDer(seq(integer(hex("00ff")), oid("1.2.840.113549.1.7.2")), tags.sequence));
    expect([...unsignedOf(number)]).toEqual([0xff]);
    expect(oidOf(name)).toBe("2a864886f70d010702");
    expect(readDer(der(4, new Uint8Array(300))).content.length).toBe(300);
    expect(smallOf(readDer(hex("020100")))).toBe(0);
  });

  it.each([
    ["nothing", ""],
    ["a tag alone", "30"],
    ["an indefinite length", "30800000"],
    ["a length in more bytes than it needs", "30810100"],
    ["a length with a leading zero", "3082000100"],
    ["a length of four bytes", "308400000000"],
    ["a length beyond its place", "3005020100"],
    ["a length cut short", "3082"],
    ["a tag of several bytes", "1f810100"],
    ["bytes that follow", "300000"],
  ])("refuses %s", (_, text) => {
    expect(() => readDer(hex(text))).toThrow(CheckFailed);
  });

  it.each(["0200", "0201ff", "02020001", "04020001"])("refuses the number %s", (text) => {
    expect(() => unsignedOf(readDer(hex(text)))).toThrow(CheckFailed);
  });

  it("refuses sixty-five members, primitive values with members, and other tags", () => {
    expect(() => childrenOf(readDer(seq(...Array.from({ length: 65 }, () => integer(hex("01"))))))).toThrow(
      CheckFailed,
    );
    expect(() => childrenOf(readDer(hex("04020500")))).toThrow(CheckFailed);
    expect(() => readDer(hex("3000"), tags.set)).toThrow(CheckFailed);
    expect(() => childrenOf(undefined)).toThrow(CheckFailed);
  });

  it("reads both kinds of time and no other spelling", () => {
    const utc = (text: string) => timeOf(readDer(der(tags.utcTime, Buffer.from(text))));
    const general = (text: string) => timeOf(readDer(der(tags.generalizedTime, Buffer.from(text))));
    expect(utc("261121013000Z")).toBe(Date.UTC(2026, 10, 21, 1, 30) / 1000);
    expect(utc("500101000000Z")).toBe(Date.UTC(1950, 0, 1) / 1000);
    expect(general("20501231235959Z")).toBe(Date.UTC(2050, 11, 31, 23, 59, 59) / 1000);
    for (const text of ["2611210130Z", "261121013000+0800", "260230000000Z", "261121250000Z", "261121013000Z0"])
      expect(() => utc(text)).toThrow(CheckFailed);
    expect(() => general("20261121013000.5Z")).toThrow(CheckFailed);
    expect(() => timeOf(readDer(hex("0500")))).toThrow(CheckFailed);
  });

  it("throws nothing but its own refusal, and what it takes has the length that asn1js reads", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), (content) => {
        const whole = der(4, content);
        expect(firstDer(Buffer.concat([whole, content])).whole.length).toBe(
          fromBER(Uint8Array.from(whole).buffer).offset,
        );
        let error: unknown = new CheckFailed("seal-not-der");
        try {
          readDer(content);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toBeInstanceOf(CheckFailed);
      }),
      { numRuns: 1000 },
    );
  });
});
