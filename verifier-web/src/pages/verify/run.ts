// From what the person presents to a verdict. The verifier itself is service/src/verify; nothing of the file leaves here.
import { consortium, loadConsortium } from "../../api/session.ts";
import { Problem } from "../../api/problem.ts";
import type { Figure } from "../../../../service/src/proof/figures.ts";
import { httpSources } from "../../../../service/src/verify/http-sources.ts";
import type { Sources } from "../../../../service/src/verify/sources.ts";
import type { Step, Verdict } from "../../../../service/src/verify/verdict.ts";

/** A file as it was presented. */
interface PresentedFile {
  name: string;
  /** bytes that it has */
  size: number;
  /** null when it has more than a verifier takes: then it is judged unread, by its size alone */
  bytes: Uint8Array | null;
}

/** Why nothing could be read of what was presented. Each has its words among the page's mishaps. */
export type Unread = "unreadable" | "no-code" | "not-image" | "picture-too-large";

type Named = Pick<PresentedFile, "name" | "size">;

/** What is to be verified. */
export type Subject =
  | ({ from: "file" } & PresentedFile)
  | { from: "qr"; text: string; picture?: Named }
  | { from: "file" | "qr"; unread: Unread; presented: Named };

export interface Checked {
  verdict: Verdict;
  from: Subject["from"];
  /** the file or picture, if there is one; size in bytes */
  file?: Named;
  /** why nothing could be read of it: to look again at the same would find the same */
  unread?: Unread;
  /** the issuer's receipt as it came; to be kept by whoever verified */
  receipt?: unknown;
  /** codes of the centres whose answers about the chain were read */
  readThrough: string[];
  /** what the figures of a QR code are called; empty for a kind that this page does not know */
  figures?: readonly Figure[];
  centreNames: Record<string, string>;
  at: Date;
}

/** Problems of presenting, before there can be a verdict. Whatever file or picture was presented gets a verdict. */
export type VerifyProblem = "many" | "insecure" | "no-crypto" | "offline" | "unreachable" | "failed";

class Presenting extends Error {
  readonly why: VerifyProblem;
  constructor(why: VerifyProblem, options?: ErrorOptions) {
    super(why, options);
    this.why = why;
  }
}

const largestPicture = 20 * 1024 * 1024;

/** How long to wait before each automatic look at a certificate that is not anchored yet. */
export const recheckPausesSeconds: readonly number[] = [5, 10, 20, 40, 60];

/** What to tell the person about a thrown thing. */
export function verifyProblem(error: unknown): VerifyProblem {
  if (error instanceof Presenting) return error.why;
  if (error instanceof Problem) {
    if (error.code === "offline") return "offline";
    if (["unreachable", "slow", "BUSY"].includes(error.code)) return "unreachable";
  }
  console.error(error);
  return "failed";
}

/** The one file that was chosen or dropped: a PDF, or a picture of the paper. */
export async function fileIn(files: readonly File[]): Promise<Subject> {
  if (files.length !== 1) throw new Presenting("many");
  const file = files[0]!;
  if (file.type.startsWith("image/")) return pictureIn(file);
  const { name, size } = file;
  const { largestFile } = await import("../../../../service/src/verify/pdf.ts");
  if (size > largestFile) return { from: "file", name, size, bytes: null };
  const bytes = await bytesOf(file);
  return bytes ? { from: "file", name, size, bytes } : unread("file", file, "unreadable");
}

/** FORMAT.md §9: a file that cannot be read from its disk says nothing, be it moved, changed or locked. Then null. */
async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    console.info(error);
    return null;
  }
}

function unread(from: Subject["from"], { name, size }: File, why: Unread): Subject {
  return { from, unread: why, presented: { name, size } };
}

/** The certificate's QR code in a picture. */
export async function pictureIn(file: File): Promise<Subject> {
  if (file.size > largestPicture) return unread("qr", file, "picture-too-large");
  if (file.size === 0 || (file.type !== "" && !file.type.startsWith("image/"))) return unread("qr", file, "not-image");
  const [bytes, { codesIn }] = await Promise.all([bytesOf(file), import("./image.ts")]);
  if (!bytes) return unread("qr", file, "unreadable");
  let codes: string[];
  try {
    codes = await codesIn(new Blob([bytes]));
  } catch (error) {
    console.info(error);
    return unread("qr", file, "not-image");
  }
  // A code of another kind is the verifier's to judge, like any other text.
  const text = codes.find((code) => /\/v#[1-9][0-9]+$/.test(code)) ?? codes[0];
  if (text === undefined) return unread("qr", file, "no-code");
  return { from: "qr", text, picture: { name: file.name, size: file.size } };
}

/** The verdict on what could not be read: the first step is unknown, and so is all that hangs on it. */
async function judgeUnread(from: Subject["from"], file: Named, why: Unread): Promise<Checked> {
  const { fileSteps, qrSteps, headlineOf } = await import("../../../../service/src/verify/verdict.ts");
  const steps = (from === "file" ? fileSteps : qrSteps).map((step, i): Step => ({
    step,
    outcome: "unknown",
    code: i === 0 ? "verifier-broken" : "not-reached",
    detail: {},
  }));
  const verdict = { headline: headlineOf(steps), steps };
  return { verdict, from, file, unread: why, readThrough: [], centreNames: {}, at: new Date() };
}

/** The verdict on a file larger than a verifier takes. It needs neither its bytes nor a centre. */
async function judgeSize(file: PresentedFile): Promise<Checked> {
  const [{ largestFile }, { fileSteps, headlineOf }] = await Promise.all([
    import("../../../../service/src/verify/pdf.ts"),
    import("../../../../service/src/verify/verdict.ts"),
  ]);
  const steps = fileSteps.map((step): Step =>
    step === "file"
      ? { step, outcome: "failed", code: "file-too-large", detail: { bytes: file.size, most: largestFile } }
      : { step, outcome: "unknown", code: "not-reached", detail: {} },
  );
  const verdict = { headline: headlineOf(steps), steps };
  return { verdict, from: "file", file, readThrough: [], centreNames: {}, at: new Date() };
}

/** Verifies. Outages become steps that are unknown; a page that knows no centre at all can only tell what is no certificate. */
export async function run(subject: Subject): Promise<Checked> {
  if ("unread" in subject) return judgeUnread(subject.from, subject.presented, subject.unread);
  if (subject.from === "file" && subject.bytes === null) return judgeSize(subject);
  if (!globalThis.isSecureContext) throw new Presenting("insecure");
  if (!globalThis.crypto?.subtle) throw new Presenting("no-crypto");
  // The code of the verifier and the list of centres come at the same time.
  const [verifier, { figuresOfKinds }, { centres, ...without }] = await Promise.all([
    import("../../../../service/src/verify/verify.ts"),
    import("../../../../service/src/proof/figures.ts"),
    loadConsortium().catch((error: unknown) => ({ centres: [], error })),
  ]);
  const { sources, heard } = recording(httpSources(centres.map(({ code, url }) => ({ code, url }))));
  const at = new Date();
  const verdict =
    subject.from === "file"
      ? await verifier.verifyFile(subject.bytes!, sources, at)
      : await verifier.verifyQr(subject.text, sources, at);
  // What the file or code itself shows needs nobody's answer; all else does, and there is nobody to ask.
  if ("error" in without && verdict.headline !== "not-genuine") throw without.error;
  return {
    verdict,
    from: subject.from,
    file: subject.from === "file" ? { name: subject.name, size: subject.size } : subject.picture,
    figures: verdict.summary && (figuresOfKinds[verdict.summary.kind] ?? []),
    // A receipt that does not fit the certificate is nothing to keep.
    receipt: verdict.certificate ? heard.receipt : undefined,
    readThrough: [...heard.chain].map((url) => centres.find((centre) => centre.url === url)?.code ?? url),
    centreNames: Object.fromEntries((consortium.value?.centres ?? []).map(({ code, name }) => [code, name])),
    at,
  };
}

/** Notes what came through the sources, so that the page can show and hand on what the verdict rests on. */
function recording(inner: Sources) {
  const heard: { receipt: unknown; chain: Set<string> } = { receipt: undefined, chain: new Set() };
  const keep = (receipt: unknown) => {
    if (receipt) heard.receipt = receipt;
    return receipt;
  };
  const sources: Sources = {
    centres: inner.centres,
    trustList: (url) => inner.trustList(url),
    receiptBySeal: (url, digest) => inner.receiptBySeal(url, digest).then(keep),
    receiptByToken: (url, token) => inner.receiptByToken(url, token).then(keep),
    chain: (url, calls) =>
      inner.chain(url, calls).then((results) => {
        heard.chain.add(url);
        return results;
      }),
  };
  return { sources, heard };
}
