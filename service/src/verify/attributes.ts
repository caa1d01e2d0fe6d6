// Attributes of a SignerInfo (RFC 5652 §5.3), of seals and of time-stamp tokens.
import { concat } from "../proof/bytes.ts";
import { childrenOf, notDer, oidOf, tags } from "./der.ts";
import type { DerValue } from "./der.ts";

/** Attributes by identifier, each once with one value, in the order of a DER SET OF. @throws CheckFailed */
export function readAttributes(attributes: DerValue | undefined, tag: number): Map<string, DerValue> {
  const values = new Map<string, DerValue>();
  let before: DerValue | undefined;
  for (const attribute of childrenOf(attributes, tag)) {
    if (before && !ascending(before.whole, attribute.whole)) throw notDer("order of the attributes");
    before = attribute;
    const [type, set, ...rest] = childrenOf(attribute, tags.sequence);
    const [value, ...more] = childrenOf(set, tags.set);
    const oid = oidOf(type);
    if (!value || more.length > 0 || rest.length > 0 || values.has(oid)) throw notDer("attribute");
    values.set(oid, value);
  }
  return values;
}

/** X.690 §11.6: compared as bytes, the shorter one padded with zeros. */
function ascending(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) < (b[i] ?? 0);
  return true;
}

/** RFC 5652 §5.4: what is signed has the tag of a SET, not the implicit one that stands in the file. */
export function signedMessage(attributes: DerValue): Uint8Array {
  return concat(Uint8Array.of(tags.set), attributes.whole.subarray(1));
}
