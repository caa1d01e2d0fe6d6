// What people are told of a certificate in every state it can be in, and what nobody is told however much the issuer lies.
// Verdicts come from the verifier over HTTP, as any bank's program asks; what people see is looked at in the page.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Receipt } from "../../service/src/proof/receipt.ts";
import { httpSources } from "../../service/src/verify/http-sources.ts";
import type { Verdict } from "../../service/src/verify/verdict.ts";
import { verifyFile } from "../../service/src/verify/verify.ts";
import { askForCertificate, personClient, personOf, staffClient } from "../helpers/api.ts";
import type { CertificateAnswer, Client } from "../helpers/api.ts";
import { dropFile, headline, newVisitor, startBrowser } from "../helpers/browser.ts";
import { startTestStack, until } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";
import { foreignSeal, inventReceipt, sealAnew, stolenSeal } from "./forgery.ts";
import { startLyingProxy } from "./lying-proxy.ts";
import type { Lies } from "./lying-proxy.ts";

const limit = 300_000;
const issuer = "C46010";
const person = personOf(issuer);
const now = () => new Date();

let stack: TestStack;
let browser: Browser;
let client: Client;
/** anchored before the first test */
let certificate: CertificateAnswer;
let pdf: Buffer;
let receipt: Receipt;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), startBrowser()]);
  client = await personClient(stack.url(issuer), person);
  ({ certificate, pdf } = await issue());
  await untilHeadline(pdf, "genuine");
  await until("it is on the chain", async () => (receipt = await receiptOf(certificate)).anchor !== null);
}, limit);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
}, limit);

async function issue(): Promise<{ certificate: CertificateAnswer; pdf: Buffer }> {
  const made = await askForCertificate(client, person);
  return { certificate: made, pdf: await client.bytes(`/api/v1/certificates/${made.id}/file`) };
}

async function receiptOf({ id }: CertificateAnswer): Promise<Receipt> {
  return (await client.get<{ receipt: Receipt }>(`/api/v1/certificates/${id}/receipt`)).receipt;
}

interface Judging {
  /** codes of the centres that the verifier knows from the start; all if not given */
  known?: readonly string[];
  /** addresses in whose place others answer; "" for one that is away */
  instead?: Record<string, string>;
}

/** What a bank's program is told. */
async function judge(bytes: Uint8Array, { known = stack.codes, instead = {} }: Judging = {}): Promise<Verdict> {
  const sources = httpSources(
    known.map((code) => ({ code, url: stack.url(code) })),
    {
      fetch: (address, init) => {
        const { origin, pathname } = new URL(String(address));
        const other = instead[origin];
        if (other === "") return Promise.reject(new TypeError("away"));
        return fetch((other ?? origin) + pathname, init);
      },
    },
  );
  return verifyFile(bytes, sources, now());
}

const untilHeadline = (bytes: Uint8Array, wanted: Verdict["headline"]) =>
  until(`the verdict is ${wanted}`, async () => (await judge(bytes)).headline === wanted, 90_000);

const failedStep = (verdict: Verdict) => verdict.steps.find(({ outcome }) => outcome === "failed");

/** Shows a file to the page of a centre; closed by the caller. */
async function present(bytes: Uint8Array) {
  const visitor = await newVisitor(browser);
  await visitor.page.goto(`${stack.url("C14010")}/verify`);
  await dropFile(visitor.page, bytes);
  return visitor;
}

describe("a file that was touched", () => {
  it("is not genuine when one byte differs, wherever it is", async () => {
    for (let part = 1; part < 40; part++) {
      const changed = Buffer.from(pdf);
      changed[Math.floor((part * pdf.length) / 40)]! ^= 0x01;
      expect((await judge(changed)).headline).toBe("not-genuine");
    }
    const changed = Buffer.from(pdf);
    changed[Math.floor(pdf.length / 3)]! ^= 0x20;
    const { page, context, complaints } = await present(changed);
    await headline(page, "不是真件");
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("is not genuine when its end is cut off", async () => {
    for (const length of [pdf.length - 1, pdf.length - 500, Math.floor(pdf.length / 2), 20])
      expect((await judge(pdf.subarray(0, length))).headline).toBe("not-genuine");
  });

  it("is not genuine when a revision was appended", async () => {
    const start = /startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf.subarray(-200).toString("latin1"))![1];
    const root = /\/Root (\d+ 0 R)/.exec(pdf.toString("latin1"))![1];
    const object = `\n9000 0 obj\n<</Type /Note>>\nendobj\n`;
    const table = `xref\n9000 1\n${String(pdf.length + 1).padStart(10, "0")} 00000 n \n`;
    const trailer = `trailer\n<</Size 9001 /Root ${root} /Prev ${start}>>\nstartxref\n${pdf.length + object.length}\n%%EOF\n`;
    const verdict = await judge(Buffer.concat([pdf, Buffer.from(object + table + trailer)]));
    expect(verdict.headline).toBe("not-genuine");
    expect(failedStep(verdict)!.step).toBe("file");
  });

  it("is not genuine under a seal that calls itself the centre's", async () => {
    const forged = sealAnew(pdf, foreignSeal(stack.centre(issuer).name, now));
    const verdict = await judge(forged.pdf);
    expect(verdict.headline).toBe("not-genuine");
    expect(failedStep(verdict)).toMatchObject({ step: "trust", code: "signer-not-listed" });
  });

  it("is not genuine under the centre's own stolen seal, for its log knows nothing of it", async () => {
    const verdict = await judge(sealAnew(pdf, stolenSeal(stack.centre(issuer).keysDir)).pdf);
    expect(verdict.headline).toBe("not-genuine");
    expect(failedStep(verdict)!.step).toBe("receipt");
  });
});

describe("what is no certificate", () => {
  it("is not genuine, and is told apart from an outage", async () => {
    for (const bytes of [Buffer.from("hello"), Buffer.alloc(0), Buffer.from("%PDF-1.7\n")]) {
      const verdict = await judge(bytes);
      expect(verdict).toMatchObject({ headline: "not-genuine" });
      expect(failedStep(verdict)!.step).toBe("file");
    }
    const { page, context } = await present(Buffer.from("hello"));
    await headline(page, "不是真件");
    await page.locator(".reason", { hasText: "这不是 PDF 文件" }).waitFor();
    await context.close();
  });

  it("of 50 MB is answered at once, and nobody is asked about it", async () => {
    const bytes = Buffer.concat([pdf, Buffer.alloc(50 * 1024 * 1024 - pdf.length, "%")]);
    const away = Object.fromEntries(stack.codes.map((code) => [stack.url(code), ""]));
    const started = performance.now();
    expect((await judge(bytes, { instead: away })).headline).toBe("not-genuine");
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("a number alone", () => {
  it("shows its standing and nothing personal", async () => {
    const answer = await fetch(`${stack.url(issuer)}/api/v1/certificates/standing/${certificate.serial}`);
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ serial: certificate.serial, standing: "valid", state: "anchored" });
    for (const word of [person.name, person.name[0]!, person.idNumber, person.accountNumber, person.phone])
      expect(text).not.toContain(word);

    const { page, context, complaints } = await newVisitor(browser);
    await page.goto(`${stack.url("C14010")}/verify`);
    await page.getByRole("button", { name: "只有证照编号" }).click();
    await page.getByRole("textbox", { name: "证照编号" }).fill(certificate.serial);
    await page.getByRole("button", { name: "查询" }).click();
    await headline(page, "编号有效");
    expect(await page.locator("article").innerText()).not.toContain(person.name[0]!);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("that was never given has no standing", async () => {
    const flow = certificate.serial.split(".").at(-3)!;
    const other = certificate.serial.replace(flow, String(Number(flow) + 5000).padStart(flow.length, "0"));
    const answer = await fetch(`${stack.url(issuer)}/api/v1/certificates/standing/${other}`);
    expect([400, 404, 422]).toContain(answer.status);
  });
});

describe("a certificate on its way", () => {
  it(
    "is not anchored while the log has not taken it in, and the page asks again until it is genuine",
    async () => {
      // Who holds this row holds the log: nothing is closed meanwhile.
      const holder = await stack.database(issuer).connect();
      await holder.query("begin");
      await holder.query("select from log_epoch for update");
      try {
        const { pdf: fresh } = await issue();
        expect((await judge(fresh)).headline).toBe("not-anchored");
        const { page, context, complaints } = await present(fresh);
        await headline(page, "尚未上链");
        await page.getByText("自动再查").waitFor();
        await holder.query("rollback");
        await headline(page, "真实有效");
        expect(complaints).toEqual([]);
        await context.close();
      } finally {
        await holder.query("rollback");
        holder.release();
      }
    },
    limit,
  );
});

describe("while the chain hangs", () => {
  it(
    "standing is unknown, nothing is called forged, and what was issued meanwhile becomes genuine after",
    async () => {
      const chain = stack.process("anvil");
      process.kill(chain, "SIGSTOP");
      let fresh: Buffer;
      try {
        const anchored = await judge(pdf);
        expect(anchored.headline).toBe("standing-unknown");
        expect(failedStep(anchored)).toBeUndefined();
        ({ pdf: fresh } = await issue());
        const verdict = await judge(fresh);
        expect(["not-anchored", "standing-unknown"]).toContain(verdict.headline);
        expect(failedStep(verdict)).toBeUndefined();
        const { page, context } = await present(pdf);
        await headline(page, "状态未知");
        await context.close();
      } finally {
        process.kill(chain, "SIGCONT");
      }
      await untilHeadline(fresh, "genuine");
      await untilHeadline(pdf, "genuine");
    },
    limit,
  );
});

describe("a revoked certificate", () => {
  let revoked: Buffer;

  it(
    "is no longer valid, once a second officer has confirmed it",
    async () => {
      const made = await issue();
      revoked = made.pdf;
      await untilHeadline(revoked, "genuine");
      const origin = stack.url(issuer);
      const [clerk, checker] = await Promise.all([staffClient(origin, "clerk"), staffClient(origin, "checker")]);
      const path = `/api/v1/desk/certificates/${made.certificate.id}/revoke`;
      await clerk.post(path, { reason: 2, note: "材料不实" });
      expect((await judge(revoked)).headline).toBe("genuine");
      await expect(clerk.post(`${path}/confirm`)).rejects.toMatchObject({ status: 403 });
      await checker.post(`${path}/confirm`);
      await untilHeadline(revoked, "no-longer-valid");
      const verdict = await judge(revoked);
      expect(failedStep(verdict)).toMatchObject({ step: "standing", code: "revoked-fraud" });
      const { page, context, complaints } = await present(revoked);
      await headline(page, "真件已失效");
      expect(complaints).toEqual([]);
      await context.close();
    },
    limit,
  );

  it("stays so when its issuer says that nothing was revoked, and is unknown when only one other centre is there", async () => {
    await withLiar({ nothingRevoked: true }, async (instead) => {
      expect((await judge(revoked, { instead })).headline).toBe("no-longer-valid");
      const oneOther = { ...instead, [stack.url("C63010")]: "" };
      expect((await judge(revoked, { instead: oneOther })).headline).toBe("standing-unknown");
    });
  });
});

describe("an issuer that lies", () => {
  const views = (instead: Record<string, string>): Judging[] => [
    { instead },
    { instead: { ...instead, [stack.url("C63010")]: "" } },
    { instead, known: [issuer, "C14010"] },
  ];

  it("with its stolen keys and a false root makes no forged file genuine", async () => {
    const { keysDir } = stack.centre(issuer);
    const forged = sealAnew(pdf, stolenSeal(keysDir));
    const invented = inventReceipt(receipt, forged, keysDir);
    const root = { value: invented.root, block: receipt.anchor!.block };
    await withLiar({ receipt: invented.receipt, root, nothingRevoked: true }, async (instead) => {
      const [all, oneAway, fewKnown] = await Promise.all(views(instead).map((view) => judge(forged.pdf, view)));
      // The proof leads to the root that the issuer alone tells of: where the others are heard, that is a forgery.
      for (const verdict of [all, oneAway, fewKnown]) {
        expect(verdict!.steps.find(({ step }) => step === "receipt")!.outcome).toBe("passed");
        expect(verdict!.headline).not.toBe("genuine");
        expect(verdict!.steps.find(({ step }) => step === "anchor")!.outcome).not.toBe("passed");
      }
      expect(all!.headline).toBe("not-genuine");
    });
  });

  it("with a false trust list makes no foreign seal the centre's", async () => {
    const { keysDir, name } = stack.centre(issuer);
    const forged = sealAnew(pdf, foreignSeal(name, now));
    const invented = inventReceipt(receipt, forged, keysDir);
    const lies: Lies = {
      receipt: invented.receipt,
      root: { value: invented.root, block: receipt.anchor!.block },
      nothingRevoked: true,
      trustList: (list) => {
        const own = list.centres.find(({ code }) => code === issuer)!;
        own.keys.push({ ...own.keys.find(({ kind }) => kind === "seal")!, value: forged.signer });
        list.witnessQuorum = 0;
      },
    };
    await withLiar(lies, async (instead) => {
      for (const view of views(instead)) expect((await judge(forged.pdf, view)).headline).not.toBe("genuine");
    });
    await withLiar(
      { ...lies, trustList: (list) => (lies.trustList!(list), (list.witnessQuorum = 2)) },
      async (instead) => {
        for (const view of views(instead)) expect((await judge(forged.pdf, view)).headline).not.toBe("genuine");
        expect((await judge(forged.pdf, { instead })).headline).toBe("not-genuine");
      },
    );
  });

  it("cannot make a genuine file look forged either, while two others speak", async () => {
    const root = { value: "ab".repeat(32), block: receipt.anchor!.block };
    await withLiar({ root }, async (instead) => {
      expect((await judge(pdf, { instead })).headline).toBe("genuine");
      expect((await judge(pdf, views(instead)[1]!)).headline).not.toBe("not-genuine");
    });
  });
});

async function withLiar(lies: Lies, work: (instead: Record<string, string>) => Promise<void>): Promise<void> {
  const liar = await startLyingProxy(stack.url(issuer), lies);
  try {
    await work({ [stack.url(issuer)]: liar.url });
  } finally {
    await liar.close();
  }
}
