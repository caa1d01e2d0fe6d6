// The verifier's main flow (FORMAT.md §10). Each step is one small file beside this one; here stands their order, what each
// hands to the next, and what happens when the world does not answer. Input is hostile: nothing here throws.
import { toHex } from "../proof/bytes.ts";
import { standingToken } from "../proof/leaf.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import type { Receipt } from "../proof/receipt.ts";
import { agree, askAll } from "./agreement.ts";
import type { Agreement } from "./agreement.ts";
import { checkAnchor, existenceOf, witnessTimes } from "./anchor.ts";
import { readAnchor, readRevocation, readStanding } from "./chain.ts";
import type { Anchored } from "./chain.ts";
import { verifySeal } from "./cms.ts";
import { checkInclusion, checkpointOf } from "./inclusion.ts";
import type { LoggedCheckpoint } from "./inclusion.ts";
import type { Code } from "./messages.ts";
import { readSealedFile } from "./pdf.ts";
import { checkQrSignature, readQrText } from "./qr.ts";
import { checkReceiptOfFile, checkReceiptOfQr, dayText, fetchReceipt } from "./receipt.ts";
import type { Sources } from "./sources.ts";
import { agreeOnStanding, checkStanding } from "./standing.ts";
import { earlierByTokens, levelOf, tellTokens, verifyTokens } from "./time-stamps.ts";
import type { FileToken } from "./time-stamps.ts";
import { checkKeyTrusted, ownerOfSeal, readTrust } from "./trust.ts";
import type { AgreedTrust, Existence, NamedKey } from "./trust.ts";
import { CheckFailed, CheckUnknown, fileSteps, headlineOf, qrSteps } from "./verdict.ts";
import type { Detail, Step, StepName, Verdict } from "./verdict.ts";

/** What a step that passed says. */
interface Passed<T> {
  value: T;
  code: Code;
  detail?: Detail;
}

/** The steps as they come in; a step that was not tried is unknown. */
class Steps {
  readonly #order: readonly StepName[];
  readonly #done = new Map<StepName, Step>();

  constructor(order: readonly StepName[]) {
    this.#order = order;
  }

  /** Runs a step; its value, or undefined unless it passed. */
  async run<T>(step: StepName, work: () => Promise<Passed<T>>): Promise<T | undefined> {
    try {
      const { value, code, detail } = await work();
      this.#done.set(step, { step, outcome: "passed", code, detail: detail ?? {} });
      return value;
    } catch (error) {
      this.#done.set(step, stepThatThrew(step, error));
      return undefined;
    }
  }

  passed(...names: StepName[]): boolean {
    return names.every((step) => this.#done.get(step)?.outcome === "passed");
  }

  all(): Step[] {
    return this.#order.map(
      (step) => this.#done.get(step) ?? { step, outcome: "unknown", code: "not-reached", detail: {} },
    );
  }

  verdict(more: Omit<Verdict, "headline" | "steps">): Verdict {
    const steps = this.all();
    return { headline: headlineOf(steps), steps, ...more };
  }
}

function stepThatThrew(step: StepName, error: unknown): Step {
  if (error instanceof CheckFailed) return { step, outcome: "failed", code: error.code, detail: error.detail };
  if (error instanceof CheckUnknown) return { step, outcome: "unknown", code: error.code, detail: error.detail };
  // A bug here, or a platform that lacks an algorithm. Shown, not hidden, and never taken for a good certificate.
  return { step, outcome: "unknown", code: "verifier-broken", detail: { why: String(error).slice(0, 200) } };
}

/** The list, or what kept us from it: every step that needs the list is then unknown for that reason. */
async function tryTrust(sources: Sources): Promise<() => AgreedTrust> {
  try {
    const trust = await readTrust(sources);
    return () => trust;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/**
 * Verifies a sealed PDF. Asks nobody before the seal itself has proved good. Never throws; the same file, answers and time give
 * the same verdict.
 * @param now the time of judging
 */
export async function verifyFile(bytes: Uint8Array, sources: Sources, now: Date): Promise<Verdict> {
  const steps = new Steps(fileSteps);
  const file = await steps.run("file", async () => {
    const value = await readSealedFile(bytes);
    return { value, code: value.additions > 0 ? "file-whole-prolonged" : "file-whole" };
  });
  if (!file) return steps.verdict({});
  const sealed = await steps.run("seal", async () => {
    const seal = await verifySeal(file.cms, file.sealedDigest);
    return { value: { seal, tokens: await verifyTokens(bytes, file, seal) }, code: "seal-good" };
  });
  if (!sealed) return steps.verdict({});
  const { seal, tokens } = sealed;
  const level = levelOf(file, seal);

  const trust = await tryTrust(sources);
  const owner = await steps.run("trust", async () => ({
    value: ownerOfSeal(trust(), seal.signer),
    code: "signer-listed",
  }));
  if (!owner) return steps.verdict({ level, timeStamps: tellTokens(tokens) });
  const sealedDigest = toHex(file.sealedDigest);
  const receipt = await steps.run("receipt", async () => {
    const { code, serviceUrl } = owner.centre;
    const found = await fetchReceipt(async () => sources.receiptBySeal(serviceUrl, sealedDigest), code);
    checkReceiptOfFile(found.leaf, { ...seal, sealedDigest }, code);
    return { value: found, code: "receipt-fits", detail: { centre: code } };
  });
  const verdict = await judge(steps, {
    sources,
    now,
    trust: trust(),
    owner,
    receipt,
    validity: seal.certificate,
    tokens,
  });
  return { ...verdict, level, timeStamps: tellTokens(tokens, owner) };
}

/**
 * Verifies a QR, given as its text or as the digits alone. Asks only centres of the trust list, never the address in the text.
 * Never throws; the same text, answers and time give the same verdict.
 * @param now the time of judging
 */
export async function verifyQr(text: string, sources: Sources, now: Date): Promise<Verdict> {
  const steps = new Steps(qrSteps);
  const qr = await steps.run("qr", async () => ({ value: readQrText(text), code: "qr-signed" }));
  if (!qr) return steps.verdict({});
  const trust = await tryTrust(sources);
  const owner = await steps.run("qr", async () => {
    const value = await checkQrSignature(qr, trust());
    return { value, code: "qr-signed", detail: { centre: value.centre.code } };
  });
  if (!owner) return steps.verdict({});
  const { summary } = qr;
  const receipt = await steps.run("receipt", async () => {
    const { code, serviceUrl } = owner.centre;
    const token = toHex(standingToken(summary.recordDigest));
    const found = await fetchReceipt(async () => sources.receiptByToken(serviceUrl, token), code);
    checkReceiptOfQr(found.leaf, summary);
    return { value: found, code: "receipt-fits", detail: { centre: code } };
  });
  // The signed summary alone names index and last day, so standing is read even while the issuer is away.
  const named = { statusIndex: summary.statusIndex, validUntil: dayText(summary.validUntilDay) };
  const verdict = await judge(steps, { sources, now, trust: trust(), owner, receipt, named });
  return { ...verdict, summary };
}

interface Case {
  sources: Sources;
  now: Date;
  trust: AgreedTrust;
  owner: NamedKey;
  receipt: Receipt | undefined;
  /** what is known of the certificate without a receipt */
  named?: Pick<CertificateLeaf, "statusIndex" | "validUntil">;
  /** validity of the seal certificate; a QR key has none */
  validity?: { notBefore: number; notAfter: number };
  /** time-stamps of the file */
  tokens?: readonly FileToken[];
}

/** Steps inclusion, anchor, trust and standing, which file and QR have in common. */
async function judge(steps: Steps, given: Case): Promise<Verdict> {
  const { sources, now, trust, owner, receipt, named, validity, tokens = [] } = given;
  const { centre } = owner;
  const leaf = receipt?.leaf ?? named;
  const standing = leaf && runStanding(steps, sources, trust, centre.code, leaf, now);
  const logged = await runLog(steps, { sources, now, trust, owner, receipt });
  const existence = steps.passed("inclusion", "anchor") ? earlierByTokens(logged, tokens, owner) : logged;
  await steps.run("trust", async () => ({
    value: true,
    code: "key-trusted",
    detail: checkKeyTrusted(owner, existence, validity, trust),
  }));
  await standing;
  if (!receipt) return steps.verdict({});
  const { serial, statusIndex, issuedAt, validUntil } = receipt.leaf;
  const certificate = { centre: centre.code, centreName: centre.name, serial, statusIndex, issuedAt, validUntil };
  return steps.verdict({ certificate });
}

/** Steps inclusion and anchor. Returns since when the certificate is known to have existed. */
async function runLog(
  steps: Steps,
  { sources, now, trust, owner, receipt }: Pick<Case, "sources" | "now" | "trust" | "owner" | "receipt">,
): Promise<Existence> {
  const nowSeconds = now.getTime() / 1000;
  let existence: Existence = { time: nowSeconds, shown: false };
  if (!receipt) return existence;
  const inLog = await steps.run("inclusion", async () => ({ value: checkpointOf(receipt), code: "proof-good" }));
  if (!inLog) {
    if (receipt.checkpoint === null)
      await steps.run("anchor", async () => Promise.reject(new CheckUnknown("not-in-log-yet")));
    return existence;
  }
  const checkpoint: LoggedCheckpoint = inLog;
  // Gathered inside the step, so that a platform without Ed25519 makes it unknown and no more.
  const evidence = await steps.run("anchor", async () => {
    const times = await witnessTimes(checkpoint, trust, owner.centre.code, nowSeconds);
    const onChain = await askAnchor(sources, trust, owner.centre.code, checkpoint, receipt.anchor?.block);
    return { value: { times, onChain }, code: "anchored-on-chain" };
  });
  const quorum = trust.witnessQuorum;
  if (evidence) {
    const { times, onChain } = evidence;
    existence = existenceOf(checkpoint, onChain, times, quorum, nowSeconds);
    await steps.run("anchor", async () => ({ value: true, ...checkAnchor(checkpoint, onChain, times, quorum) }));
  }
  await steps.run("inclusion", async () => ({
    value: true,
    code: "proof-good",
    detail: await checkInclusion(receipt, checkpoint, owner.centre, existence),
  }));
  return existence;
}

async function askAnchor(
  sources: Sources,
  trust: AgreedTrust,
  centre: string,
  { epoch, size }: LoggedCheckpoint,
  block: number | undefined,
): Promise<Agreement<Anchored | undefined>> {
  const question = { centre, epoch, size, block };
  const { answers } = await askAll(trust.toAsk, async ({ url }) => readAnchor(sources, url, trust, question));
  return agree(answers, (anchored) => (anchored ? `${anchored.roots.join()} ${anchored.block} ${anchored.time}` : ""));
}

async function runStanding(
  steps: Steps,
  sources: Sources,
  trust: AgreedTrust,
  centre: string,
  { statusIndex, validUntil }: Pick<CertificateLeaf, "statusIndex" | "validUntil">,
  now: Date,
): Promise<void> {
  await steps.run("standing", async () => {
    const { answers } = await askAll(trust.toAsk, async ({ url }) =>
      readStanding(sources, url, trust, centre, statusIndex),
    );
    const { standing, newest } = agreeOnStanding(answers, now.getTime() / 1000);
    const revocation =
      standing.kind === "agreed" && standing.value.revoked
        ? await askRevocation(sources, trust, centre, statusIndex)
        : undefined;
    const detail = checkStanding({ standing, newest, revocation, validUntil, now, asOf: trust.asOf });
    return { value: true, code: detail.against === "" ? "valid" : "valid-one-differs", detail };
  });
}

async function askRevocation(sources: Sources, trust: AgreedTrust, centre: string, statusIndex: number) {
  const { answers } = await askAll(trust.toAsk, async ({ url }) =>
    readRevocation(sources, url, trust, centre, statusIndex),
  );
  return agree(answers, ({ reason, at }) => `${reason} ${at}`);
}
