// kill -9 in the middle of work: of the service at each step of a certificate's life, of Postgres, and of the chain, which
// forgets its last blocks. What was handed out stays, and is there once. kill.long.test.ts has the full matrix.
import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChainClient, fromQuantity, quantity, readBlock } from "../../service/src/chain/client.ts";
import { dayInChina } from "../../service/src/collection/month.ts";
import { askForCertificate, newKey, personOf, staffClient, untilAnswered } from "../helpers/api.ts";
import { until } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";
import { clientAt, crashAt, killAndWait, notAnchored, reckon, startKillStack, whileAsking } from "./harness.ts";

const limit = 300_000;
let stack: TestStack;
beforeAll(async () => {
  stack = await startKillStack();
}, limit);
afterAll(async () => {
  await stack?.stop();
}, limit);

describe("a service that dies of kill -9", () => {
  it.each([[["drawn", "issuing", "closed"]], [["sealed", "issued", "submitted"]]] as const)(
    "at %j, at three centres at once, loses and doubles nothing that it answered",
    async (at) => {
      const done = await whileAsking(stack, stack.codes, async () => {
        await Promise.all(stack.codes.map((code, i) => crashAt(stack, code, at[i]!)));
      });
      await reckon(stack, done);
    },
    limit,
  );

  it(
    "after drawing, and is asked no more, finishes what it has drawn",
    async () => {
      const [code] = stack.codes as [string];
      const key = newKey();
      const client = await clientAt(stack, code);
      const asked = askForCertificate(client, personOf(code), key).catch((error: Error) => error);
      // Whoever asked has gone away: the answer never came, and the request is not sent again.
      const [answer] = await Promise.all([asked, crashAt(stack, code, "drawn")]);
      expect(answer).toBeInstanceOf(Error);
      await until("it is issued and anchored", async () => (await notAnchored(stack, code)) === 0, 120_000);
      await reckon(stack, { answered: [], keys: new Map([[code, [key]]]) });
    },
    limit,
  );

  it(
    "during the feed takes over the listing once",
    async () => {
      const [lister, reader] = stack.codes as [string, string];
      const origin = stack.url(lister);
      const [clerk, checker] = await Promise.all([staffClient(origin, "clerk"), staffClient(origin, "checker")]);
      const person = personOf(lister, "two-centres");
      const { id } = await clerk.post<{ id: string }>("/api/v1/desk/blacklist/cases", {
        documentNumber: person.idNumber,
        name: person.name,
        rule: "ART41_WITHDRAWAL",
        conduct: "以伪造的租赁合同提取住房公积金",
        legalBasis: "《住房公积金管理条例》第四十一条",
        evidenceDigest: "ab".repeat(32),
        startsOn: dayInChina(new Date()),
      });
      await Promise.all([crashAt(stack, reader, "fed"), checker.post(`/api/v1/desk/blacklist/cases/${id}/confirm`)]);
      const desk = await staffClient(stack.url(reader), "clerk");
      const check = async (businessNumber: string) =>
        (
          await untilAnswered(() =>
            desk.post<{ check: { result: string; bars: unknown[] } }>("/api/v1/desk/blacklist/checks", {
              documentNumber: person.idNumber,
              businessNumber,
              purpose: "withdrawal.rent",
            }),
          )
        ).check;
      let attempt = 0;
      await until("the reader knows", async () => (await check(`TQ${attempt++}`)).result === "barred", 90_000);
      expect((await check("TQ-last")).bars).toHaveLength(1);
      await reckon(stack, { answered: [], keys: new Map() });
    },
    limit,
  );
});

describe("Postgres that dies of kill -9", () => {
  it(
    "comes back with every certificate that was answered",
    async () => {
      const done = await whileAsking(stack, stack.codes.slice(0, 2), () => killAndWait(stack, "postgres"));
      await reckon(stack, done);
    },
    limit,
  );
});

describe("a chain that dies of kill -9 and forgets its last blocks", () => {
  it(
    "is told them again, and everything is anchored again, once",
    async () => {
      const folder = path.join(stack.dataDir, "chain");
      const current = path.join(folder, "state.json");
      const client = createChainClient({ url: stack.file.chain.url });
      const head = async () => fromQuantity(await client.call("eth_blockNumber", []));
      const hashAt = async (block: bigint) =>
        readBlock(await client.call("eth_getBlockByNumber", [quantity(block), false]))?.hash;
      const log = (code: string) => fs.readFileSync(path.join(stack.dataDir, "logs", `${code}.log`), "utf8");

      const readUpTo = async (code: string) =>
        (await stack.database(code).query<{ number: bigint }>("select number from chain_cursor")).rows[0]!.number;

      const forget = async (): Promise<boolean> => {
        const kept = fs.readFileSync(current);
        const keptHead = await head();
        await until("the chain has gone on", async () => (await head()) >= keptHead + 3n, 90_000);
        const before = await head();
        const hash = await hashAt(before);
        // A centre that had not read them yet would have nothing to take back.
        for (const code of stack.codes)
          await until(`${code} has read them`, async () => (await readUpTo(code)) >= before, 90_000);
        const restarts = stack.said().split("chain runs again").length;
        // Before the supervisor hears of its end, the old state is in the place of all newer ones.
        await killAndWait(stack, "anvil", () => {
          const dumps = fs.readdirSync(folder).filter((name) => /^state\..*json$/.test(name));
          for (const name of dumps) fs.rmSync(path.join(folder, name));
          fs.writeFileSync(current, kept);
        });
        await until("it has its contracts", () => stack.said().split("chain runs again").length > restarts, 90_000);
        const now = await hashAt(before);
        return !now?.equals(hash!);
      };
      const done = await whileAsking(stack, stack.codes.slice(0, 2), async () => {
        // A dump that was just being written may have come after ours: then nothing is forgotten, and we do it again.
        await until("the chain has forgotten blocks", forget, 120_000);
        for (const code of stack.codes)
          await until(`${code} has seen it`, () => log(code).includes("the chain was re-organised"), 90_000);
      });
      await reckon(stack, done);
    },
    limit,
  );
});
