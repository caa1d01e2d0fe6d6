// The joint blacklist from one city to another: listed at Hainan by two officers, seen at Taiyuan for a business number,
// a withdrawal stopped at both, the refusal confirmed by a person, and nothing of the person on the chain.
import { createHash } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditCentre } from "../../scripts/audit.ts";
import { dayInChina } from "../../service/src/collection/month.ts";
import { leafHash } from "../../service/src/proof/tree.ts";
import { newKey, personClient, personOf, staffClient } from "../helpers/api.ts";
import { newVisitor, signInStaff, startBrowser } from "../helpers/browser.ts";
import { startTestStack, until } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";

const limit = 300_000;
const [hainan, taiyuan] = ["C46010", "C14010"] as const;
/** known at both, under one document number */
const barred = personOf(hainan, "two-centres");
const free = personOf(hainan, "regular");
const rule = "《住房公积金管理条例》第四十一条：骗提住房公积金，三年内不予提取和贷款";
const today = dayInChina(new Date());
const lastDay = lastDayOf(today);

let stack: TestStack;
let browser: Browser;
let listing: string;

beforeAll(async () => {
  [stack, browser] = await Promise.all([startTestStack(), startBrowser()]);
}, limit);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
}, limit);

/** Three years from the first day, the day before its return: as the rule counts. */
function lastDayOf(start: string): string {
  const end = new Date(`${start}T00:00:00Z`);
  end.setUTCFullYear(end.getUTCFullYear() + 3);
  end.setUTCDate(end.getUTCDate() - 1);
  return end.toISOString().slice(0, 10);
}

const inChinese = (day: string) => day.replace(/^(\d+)-0?(\d+)-0?(\d+)$/, "$1年$2月$3日");

interface Account {
  grzh: string;
  balance: string;
}

async function accountOf(code: string, person: typeof barred): Promise<Account> {
  const client = await personClient(stack.url(code), person);
  return (await client.get<{ accounts: Account[] }>("/api/v1/me/account")).accounts[0]!;
}

const count = async (code: string, sql: string): Promise<number> =>
  Number((await stack.database(code).query<{ count: bigint }>(sql)).rows[0]!.count);
const postings = (code: string) => count(code, "select count(*) as count from posting");

/** Size of a log, as anybody reads it. */
async function logSize(code: string): Promise<number> {
  const response = await fetch(`${stack.url(code)}/log/1/checkpoint`);
  return response.ok ? Number((await response.text()).split("\n")[1]) : 0;
}

describe("a listing under Article 41", () => {
  it(
    "takes two officers, reaches the chain, and reaches the others by the feed",
    async () => {
      const origin = stack.url(hainan);
      const [clerk, checker] = await Promise.all([staffClient(origin, "clerk"), staffClient(origin, "checker")]);
      const { id } = await clerk.post<{ id: string }>("/api/v1/desk/blacklist/cases", {
        documentNumber: barred.idNumber,
        name: barred.name,
        rule: "ART41_WITHDRAWAL",
        conduct: "以伪造的租赁合同提取住房公积金",
        legalBasis: "《住房公积金管理条例》第四十一条",
        evidenceDigest: createHash("sha256").update("a forged lease").digest("hex"),
        startsOn: today,
      });
      await expect(clerk.post(`/api/v1/desk/blacklist/cases/${id}/confirm`)).rejects.toMatchObject({ status: 403 });
      expect(await count(hainan, "select count(*) as count from blacklist_opening")).toBe(0);
      await checker.post(`/api/v1/desk/blacklist/cases/${id}/confirm`);
      type Cases = { cases: { id: string; state: string; endsOn: string; listingId: string }[] };
      const one = async () =>
        (await checker.get<Cases>("/api/v1/desk/blacklist/cases")).cases.find((found) => found.id === id)!;
      await until("it is on the chain", async () => (await one()).state === "listed");
      expect((await one()).endsOn).toBe(lastDay);
      listing = (await one()).listingId;
      for (const code of stack.codes)
        await until(
          `${code} has its opening, and knows it from the chain`,
          async () =>
            (await count(
              code,
              `select count(*) as count from blacklist_opening where listing_id = '\\x${listing}'`,
            )) === 1 && (await count(code, "select count(*) as count from chain_event where name = 'Listed'")) === 1,
        );
    },
    limit,
  );

  it(
    "bars at Taiyuan: a clerk checks for a business number and sees rule and last day, and the check is in the log",
    async () => {
      const before = await logSize(taiyuan);
      const visitor = await newVisitor(browser);
      const { page } = visitor;
      await page.goto(`${stack.url(taiyuan)}/desk/checks`);
      await signInStaff(visitor, "clerk");
      await page.getByLabel("身份证号码").fill(barred.idNumber);
      await page.getByLabel("业务编号").fill("TQ20261122E2E0000001");
      await page.getByRole("button", { name: "核查", exact: true }).click();
      const result = page.locator("section[role=status]", { hasText: "受限制" });
      await result.waitFor();
      const shown = await result.innerText();
      expect(shown).toContain(rule);
      expect(shown).toContain("海南省住房公积金管理局");
      expect(shown).toContain(inChinese(lastDay));
      expect(shown).toContain("本次核查已留痕");
      expect(shown).not.toContain(barred.name);
      expect(visitor.complaints).toEqual([]);
      for (const address of visitor.addresses) expect(address).not.toContain(barred.idNumber);
      await visitor.context.close();

      const trace = async () =>
        (
          await stack.database(taiyuan).query<{ digest: Buffer; leaf_index: bigint | null }>(
            `select digest, leaf_index from trace join log_leaf on log_leaf.id = trace.leaf_id
             where business_number = 'TQ20261122E2E0000001'`,
          )
        ).rows;
      await until("the trace is a leaf of the log", async () => (await trace())[0]?.leaf_index != null);
      const rows = await trace();
      expect(rows).toHaveLength(1);
      const { digest, leaf_index: index } = rows[0]!;
      expect(shown).toContain(digest.toString("hex").slice(0, 16));
      await until(
        "the log says that it has grown",
        async () => (await logSize(taiyuan)) > Math.max(before, Number(index)),
      );
      // As any monitor of the log reads it: the hash of the leaf stands in the tile, at its place.
      const size = await logSize(taiyuan);
      expect(size).toBeLessThan(256);
      const tile = await fetch(`${stack.url(taiyuan)}/log/1/tile/0/000.p/${size}`);
      const hashes = Buffer.from(await tile.arrayBuffer());
      expect(hashes.length).toBe(32 * size);
      expect(hashes.subarray(32 * Number(index), 32 * (Number(index) + 1))).toEqual(Buffer.from(leafHash(digest)));
    },
    limit,
  );

  it.each([hainan, taiyuan])(
    "stops a rent withdrawal at %s, and nothing is posted",
    async (code) => {
      const before = await accountOf(code, barred);
      const posted = await postings(code);
      const client = await personClient(stack.url(code), barred);
      type Answer = { withdrawal: { state: string; explanation: { ruleName: string; until: string }[] } };
      const wish = { reason: "rent", amount: "100.00", grzh: before.grzh };
      const key = newKey();
      const { withdrawal } = await client.post<Answer>("/api/v1/me/withdrawals", wish, key);
      expect(withdrawal.state).toBe("barred");
      expect(withdrawal.explanation).toMatchObject([{ ruleName: rule, until: lastDay }]);
      // The same wish again is the same withdrawal, and another check is not made.
      expect((await client.post<Answer>("/api/v1/me/withdrawals", wish, key)).withdrawal).toEqual(withdrawal);

      // A person refuses, not a program.
      const visitor = await newVisitor(browser);
      const { page } = visitor;
      await page.goto(`${stack.url(code)}/desk/withdrawals`);
      await signInStaff(visitor, "clerk");
      await page.getByRole("button", { name: "确认不予办理" }).click();
      const dialog = page.getByRole("dialog");
      expect(await dialog.innerText()).toContain(inChinese(lastDay));
      await dialog.getByLabel("说明").fill("依第四十一条不予提取，可书面提出异议。");
      await dialog.getByRole("button", { name: "确认不予办理" }).click();
      await page.getByText("没有这类提取。").waitFor();
      expect(visitor.complaints).toEqual([]);
      await visitor.context.close();

      type Many = { withdrawals: { state: string; note: string }[] };
      const own = await client.get<Many>("/api/v1/me/withdrawals");
      expect(own.withdrawals).toMatchObject([{ state: "refused", note: "依第四十一条不予提取，可书面提出异议。" }]);
      expect((await accountOf(code, barred)).balance).toBe(before.balance);
      expect(await postings(code)).toBe(posted);
    },
    limit,
  );

  it(
    "keeps nobody else from their money: it is paid and posted",
    async () => {
      const before = await accountOf(hainan, free);
      const posted = await postings(hainan);
      const client = await personClient(stack.url(hainan), free);
      const wish = { reason: "rent", amount: "1234.56", grzh: before.grzh };
      const key = newKey();
      type Answer = { withdrawal: { state: string } };
      const [first, again] = [
        await client.post<Answer>("/api/v1/me/withdrawals", wish, key),
        await client.post<Answer>("/api/v1/me/withdrawals", wish, key),
      ];
      expect(first.withdrawal.state).toBe("paid");
      expect(again).toEqual(first);
      const fen = (yuan: string) => BigInt(yuan.replace(".", ""));
      expect(fen(before.balance) - fen((await accountOf(hainan, free)).balance)).toBe(123_456n);
      expect(await postings(hainan)).toBe(posted + 1);
    },
    limit,
  );

  it("left on the chain a random id and a commitment, and in every ledger nothing out of place", async () => {
    const { rows } = await stack
      .database(hainan)
      .query<{ tag: Buffer; salt: Buffer; commitment: Buffer }>("select tag, salt, commitment from blacklist_opening");
    const { tag, salt, commitment } = rows[0]!;
    const secret = [tag, salt].map((bytes) => bytes.toString("hex"));
    const personal = [barred.idNumber, barred.name, barred.phone, barred.accountNumber];
    const inHex = personal.map((text) => Buffer.from(text).toString("hex"));
    for (const code of stack.codes) {
      const events = await stack
        .database(code)
        .query<{ name: string; args: Record<string, unknown> }>("select name, args from chain_event");
      const text = JSON.stringify(events.rows).toLowerCase();
      for (const word of [...secret, ...personal, ...inHex]) expect(text).not.toContain(word.toLowerCase());
      const listed = events.rows.filter(({ name }) => name === "Listed");
      expect(listed).toHaveLength(1);
      expect(JSON.stringify(listed)).toContain(listing);
      expect(JSON.stringify(listed)).toContain(commitment.toString("hex"));
      expect(Object.keys(listed[0]!.args).sort()).toEqual(["centre", "commitment", "id"]);
      const sent = await stack
        .database(code)
        .query<{ data: string }>("select encode(data, 'hex') as data from chain_write");
      for (const { data } of sent.rows) for (const word of [...secret, ...inHex]) expect(data).not.toContain(word);
      const { url: chainUrl, registry } = stack.file.chain;
      expect(await auditCentre({ ...stack.centre(code), chainUrl, registry }, new Date())).toEqual([]);
    }
  });
});
