// One file at every level, and what it was made with.
import { createHash, randomBytes } from "node:crypto";
import type { Drawing, Template } from "../../service/src/pdf/template.ts";
import { openDocumentTimeStamp, storeAddition } from "../../service/src/sealing/additions.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import { certificatesIn, chainsOf, evidenceFrom } from "../../service/src/sealing/evidence.ts";
import { attachTimeStamp, signatureValueOf } from "../../service/src/sealing/signature-time-stamp.ts";
import { checkedAnswer, timeStampRequest } from "../../service/src/sealing/time-stamp.ts";
import { readRevocationList } from "../../service/src/sealing/x509.ts";
import { depositTemplate, draw } from "../pdf/sample.ts";
import { der, makeAuthorities } from "./tsa.ts";

const template = await depositTemplate();

/** @param of what is drawn, the sample of a deposit certificate if not given */
export function makeLevels(
  algorithm: SealAlgorithm,
  now: () => Date,
  of: { template: Template; drawing: Drawing } = { template, drawing: draw(template) },
) {
  const authorities = makeAuthorities(now, algorithm);
  const stamps = createDevelopmentTimeStamps(authorities.tsa, { now });
  const ask = (digest: Uint8Array) => {
    const nonce = randomBytes(16);
    return checkedAnswer(stamps.answer(timeStampRequest(digest, nonce)), { digest, nonce }).der;
  };
  const archive = (file: Buffer) => {
    const open = openDocumentTimeStamp(file, 3000);
    return Buffer.concat([file, open.finish(ask(open.digest))]);
  };
  const store = (file: Buffer, crls = authorities.lists()) => {
    const chains = chainsOf(certificatesIn(file), [der(authorities.root)]);
    return Buffer.concat([file, storeAddition(file, evidenceFrom(chains, crls.map(readRevocationList), now()))]);
  };
  authorities.sealer.reserve(3000);
  const sealed = authorities.sealer.seal(of.drawing);
  const base = Buffer.concat([of.template.prefix, sealed.suffix]);
  const token = ask(createHash("sha256").update(signatureValueOf(base)).digest());
  const stamped = attachTimeStamp(base, token);
  const stored = store(stamped);
  const archived = archive(stored);
  const renewed = archive(store(archived));
  const files = { "B-B": base, "B-T": stamped, "B-LT": stored, "B-LTA": archived, renewed };
  return { ...authorities, sealed, token, files, store, ask };
}
