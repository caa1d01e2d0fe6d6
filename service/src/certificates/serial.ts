// 证照标识: the number of an electronic licence, and its check character (ISO/IEC 7064 MOD 37,36).
import { invariant } from "../errors.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
export const serialRoot = "1.2.156.3005.2";

/** The check character over digits and capitals. */
export function checkCharacter(text: string): string {
  let p = 36;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    invariant(value >= 0, "a serial has digits and capitals only");
    p = (p + value) % 36 || 36;
    p = (p * 2) % 37;
  }
  return alphabet[(37 - p) % 36]!;
}

export interface SerialParts {
  /** 18 characters of the department that sets the standard and three digits */
  typeCode: string;
  /** unified social credit code of the issuer */
  issuer: string;
  /** digits and capitals, unique for the issuer and type */
  flow: string;
  /** three digits */
  version: string;
}

/** `1.2.156.3005.2.<type>.<issuer>.<flow>.<version>.<check>` */
export function serialOf(parts: SerialParts): string {
  const { typeCode, issuer, flow, version } = parts;
  return [serialRoot, typeCode, issuer, flow, version, checkCharacter(typeCode + issuer + flow + version)].join(".");
}

/** The parts of a well-formed serial, or undefined when its form or its check character is wrong. */
export function readSerial(serial: string): SerialParts | undefined {
  const match = /^1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{18})\.([0-9A-Z]{1,40})\.([0-9]{3})\.([0-9A-Z])$/.exec(
    serial,
  );
  if (!match) return undefined;
  const [, typeCode, issuer, flow, version, check] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  return checkCharacter(typeCode + issuer + flow + version) === check ? { typeCode, issuer, flow, version } : undefined;
}
