// From a sealed PDF or a code to a verdict (FORMAT.md §10). This is the second verifier: it was written from FORMAT.md alone and
// shares no code with the service, so that a mistake in one of the two shows as a difference.
import { hex } from "./bytes.ts";
import { type Seal, checkSeal } from "./cms.ts";
import {
  type Headline,
  type Outcome,
  Refused,
  type Step,
  type StepName,
  failed,
  headlineOf,
  notReached,
  passed,
  unknown,
} from "./outcome.ts";
import { type SealedFile, readSealedFile } from "./pdf.ts";
import { type Proven, type Subject, judge } from "./judge.ts";
import { type Code, isSignedBy, keyIdOf, readCode } from "./qr.ts";
import { type Level, type Token, checkTokens, levelOf } from "./raised.ts";
import { type Leaf, type Receipt, serialPart } from "./receipt.ts";
import { Outage, type Transport, fetchReceipt } from "./transport.ts";
import { type Centre, type Start, type Trust, keysOf, readTrust } from "./trust-list.ts";

/** What a verifier is given: how to ask, whom, and the time to judge at. */
export interface World {
  transport: Transport;
  starts: readonly Start[];
  now: () => Date;
}

export interface Facts {
  centre?: { code: string; name: string };
  serial?: string;
  issuedAt?: string;
  validUntil?: string;
  signer?: { subject: string; certificate: string };
  /** seconds; by then it existed for certain */
  existedBy?: number;
  revokedAt?: number;
  /** how far the file's seal was prolonged */
  level?: Level;
  /** good time-stamps of the file; `trusted` is null while no agreed trust list says */
  timeStamps?: (Token & { trusted: boolean | null })[];
  code?: Pick<Code, "kind" | "maskedName" | "maskedDocument" | "figures">;
  /** hex; a file and a code of one certificate have the same */
  recordDigest?: string;
}

export interface Verdict {
  headline: Headline;
  steps: Step[];
  facts: Facts;
}

type ReceiptAnswer = Receipt | "none" | "unreachable";

/** Verifies several files and codes against one reading of the trust list. Two calls with one input ask the chain twice. */
export class Verifier {
  private readonly world: World;
  private trust: Promise<Trust> | undefined;

  constructor(world: World) {
    this.world = world;
  }

  private readTrust(): Promise<Trust> {
    this.trust ??= readTrust(this.world.transport, this.world.starts);
    return this.trust;
  }

  /**
   * The verdict on a sealed PDF.
   * @param given a receipt that came with the file: it spares asking the issuer when it proves the file
   */
  async verifyFile(bytes: Uint8Array, given?: Receipt): Promise<Verdict> {
    const steps: Step[] = [];
    const add = (step: StepName, outcome: Outcome) => steps.push({ step, ...outcome });
    const rest: StepName[] = ["receipt", "inclusion", "anchor", "trust", "standing"];
    const file = await attempt(() => readSealedFile(bytes));
    const prolonged = file.ok && file.value.additions.length > 0;
    add("file", file.ok ? passed(prolonged ? "file-good-prolonged" : "file-good") : file.outcome);
    const sealed = file.ok ? await attempt(() => checkSealAndTokens(bytes, file.value)) : null;
    add("seal", !sealed ? notReached : sealed.ok ? passed("seal-good") : sealed.outcome);
    if (!sealed?.ok) return verdict([...steps, ...rest.map((step) => ({ step, ...notReached }))], {});

    const { seal, tokens, level } = sealed.value;
    const signer = hex(seal.certificate.digest);
    const facts: Facts = {
      signer: { subject: seal.certificate.subject, certificate: signer },
      level,
      ...(tokens.length > 0 && { timeStamps: tokens.map((token) => ({ ...token, trusted: null })) }),
    };
    const trust = await this.readTrust();
    const issuers = findIssuers(trust, signer);
    if (!Array.isArray(issuers)) {
      return verdict(
        [...steps, ...rest.map((step) => ({ step, ...(step === "trust" ? issuers : notReached) }))],
        facts,
      );
    }
    const subject = (issuer: Centre): Subject => ({
      issuer,
      key: keysOf(issuer, "seal").find((key) => key.value === signer)!,
      certificate: seal.certificate,
      tokens,
      isOf: (leaf) =>
        leaf.centre === issuer.code &&
        leaf.signer === signer &&
        leaf.sealedDigest === hex(seal.sealedDigest) &&
        leaf.signatureDigest === hex(seal.signatureDigest),
      summary: null,
    });
    const path = `by-seal/${hex(seal.sealedDigest)}`;
    // A certificate is one centre's. Should a second centre list it as its own, the one that has the receipt is the issuer.
    let best: Proven | undefined;
    for (const issuer of issuers) {
      const proven = await this.prove(trust, subject(issuer), path, given);
      if (!best || rank(proven) > rank(best)) best = proven;
    }
    return verdict([...steps, ...best!.steps], { ...facts, ...best!.facts });
  }

  /** The verdict on the text of a QR code. */
  async verifyCode(text: string, given?: Receipt): Promise<Verdict> {
    const rest: StepName[] = ["receipt", "inclusion", "anchor", "trust", "standing"];
    const stop = (outcome: Outcome) =>
      verdict([{ step: "qr", ...outcome }, ...rest.map((step) => ({ step, ...notReached }))], {});
    const read = await attempt(() => readCode(text));
    if (!read.ok) return stop(read.outcome);
    const code = read.value;
    const trust = await this.readTrust();
    const issuer = trust.centre(code.centre);
    if (issuer.state === "unreachable") return stop(unknown("trust-list-unreachable"));
    if (issuer.state === "disputed") return stop(unknown("trust-list-disputed"));
    if (!issuer.value) return stop(failed("centre-not-listed"));
    const listed = keysOf(issuer.value, "qr").filter((key) => keyIdOf(key.value) === hex(code.keyId));
    if (listed.length === 0) return stop(failed("qr-key-not-listed"));
    const key = listed.find((one) => isSignedBy(code, one.value));
    if (!key) return stop(failed("qr-signature-wrong"));
    const subject: Subject = {
      issuer: issuer.value,
      key,
      certificate: null,
      tokens: [],
      isOf: (leaf) => isOfCode(leaf, code),
      summary: code,
    };
    const proven = await this.prove(trust, subject, `by-token/${code.standingToken}`, given);
    const facts: Facts = {
      centre: { code: code.centre, name: issuer.value.name },
      serial: `1.2.156.3005.2.${code.serial}`,
      issuedAt: code.issuedOn,
      validUntil: code.validUntil,
      code: {
        kind: code.kind,
        maskedName: code.maskedName,
        maskedDocument: code.maskedDocument,
        figures: code.figures,
      },
      recordDigest: code.recordDigest,
    };
    return verdict([{ step: "qr", ...passed("qr-signed") }, ...proven.steps], { ...proven.facts, ...facts });
  }

  /** Steps 3 to 7. A given receipt counts when it proves; otherwise the issuer is asked, because only its word may condemn. */
  private async prove(trust: Trust, subject: Subject, path: string, given?: Receipt): Promise<Proven> {
    const now = Math.floor(this.world.now().getTime() / 1000);
    const { transport } = this.world;
    if (given) {
      const proven = await judge({ trust, transport, now, subject, answer: given });
      const proves = proven.steps.every((step) => step.step === "standing" || step.outcome === "passed");
      if (proves) return proven;
    }
    return judge({ trust, transport, now, subject, answer: await this.askIssuer(subject.issuer, path) });
  }

  private async askIssuer(issuer: Centre, path: string): Promise<ReceiptAnswer> {
    if (!issuer.serviceUrl) return "unreachable";
    try {
      return (await fetchReceipt(this.world.transport, issuer.serviceUrl, path)) ?? "none";
    } catch (error) {
      if (error instanceof Outage) return "unreachable";
      throw error;
    }
  }
}

/** Step "seal": §9 (3) to (6). @throws Refused */
function checkSealAndTokens(bytes: Uint8Array, file: SealedFile): { seal: Seal; tokens: Token[]; level: Level } {
  const seal = checkSeal(file.cms, file.covered);
  return { seal, tokens: checkTokens(bytes, seal, file.additions), level: levelOf(seal, file.additions) };
}

/** Centres whose `seal` key the signer is, or why that cannot be said. */
function findIssuers(trust: Trust, signer: string): Centre[] | Outcome {
  if (trust.common.state === "unreachable") return unknown("trust-list-unreachable");
  const names = (centre: Centre | null) =>
    centre !== null && keysOf(centre, "seal").some((key) => key.value === signer);
  const votes = trust.codes.map((code) => trust.centre(code));
  const found = votes.flatMap((vote) =>
    vote.state === "agreed" && vote.value && names(vote.value) ? [vote.value] : [],
  );
  if (found.length > 0) return found;
  if (votes.some((vote) => vote.state === "disputed" && vote.said.some(names))) return unknown("trust-list-disputed");
  return failed("signer-not-listed");
}

/** §10 step 3 for a code: the same record, serial, status index, day of issue and last day. */
const isOfCode = (leaf: Leaf, code: Code): boolean =>
  leaf.centre === code.centre &&
  leaf.recordDigest === code.recordDigest &&
  serialPart(leaf.serial) === code.serial &&
  leaf.statusIndex === code.statusIndex &&
  leaf.issuedAt.slice(0, 10) === code.issuedOn &&
  leaf.validUntil === code.validUntil;

/** Of two possible issuers the one that knows the certificate counts, then the one that did not answer. */
function rank(proven: Proven): number {
  const receipt = proven.steps.find((step) => step.step === "receipt");
  return receipt?.outcome === "passed" ? 2 : receipt?.outcome === "unknown" ? 1 : 0;
}

const verdict = (steps: Step[], facts: Facts): Verdict => ({ headline: headlineOf(steps), steps, facts });

/** The verdict when there is nothing to look at: the file cannot be read, which says nothing about the certificate. */
export const unreadable = (): Verdict =>
  verdict(
    (["file", "seal", "receipt", "inclusion", "anchor", "trust", "standing"] as const).map((step) => ({
      step,
      ...(step === "file" ? unknown("file-unreadable") : notReached),
    })),
    {},
  );

async function attempt<T>(
  work: () => T | Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; outcome: Outcome }> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, outcome: failed(error.code, noteOf(error)) };
    throw error;
  }
}

const noteOf = (error: Refused): string | undefined => (error.message === error.code ? undefined : error.message);
