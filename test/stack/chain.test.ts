// The embedded chain survives what a demonstration machine does to it, and the deployment is a wanted state.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startChain } from "../../scripts/stack/chain.ts";
import { ensureContracts } from "../../scripts/stack/deploy.ts";
import { createChainClient, headNumber, readContract, toData } from "../../service/src/chain/client.ts";
import { readCentre, readCentreCodes } from "../../service/src/chain/registry.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import { toWord } from "../../service/src/chain/word.ts";
import { freshChain, testCentre, testKey } from "../helpers/chain.ts";

const dirs: string[] = [];
function freshDir(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-chain-test-"));
  dirs.push(dir);
  return dir;
}
afterAll(() => {
  for (const dir of dirs) fs.rmSync(dir, { recursive: true, force: true });
});

/** The states of a process's threads, such as S for sleeping and T for stopped. */
function threadStates(pid: number): Set<string> {
  const tasks = fs.readdirSync(`/proc/${pid}/task`);
  const states = tasks.map((task) => fs.readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8").split(") ")[1]![0]!);
  return new Set(states);
}

const wanted = () => ({
  deployerKey: testKey("deployer"),
  centres: [testCentre("C46010", "http://127.0.0.1:4001").registered],
});

describe("the embedded chain", () => {
  it("has everything again after a stop, on the same port", async () => {
    const dir = freshDir();
    const first = await startChain({ dir, keepDumping: false });
    const deployed = await ensureContracts({ url: first.url, ...wanted() });
    const head = await headNumber(createChainClient({ url: first.url }));
    await first.stop();
    await first.stop();

    const second = await startChain({ dir, keepDumping: false });
    expect(second).toMatchObject({ port: first.port, adopted: false });
    const client = createChainClient({ url: second.url });
    expect(await headNumber(client)).toBe(head);
    expect(await readCentreCodes(client, deployed.registry)).toEqual(["C46010"]);
    await second.stop();
  });

  it("is taken over when its starter was killed", async () => {
    const dir = freshDir();
    const first = await startChain({ dir, keepDumping: false });
    const second = await startChain({ dir, keepDumping: false });
    expect(second).toMatchObject({ pid: first.pid, port: first.port, adopted: true });
    await second.stop();
    await first.ended;
  });

  it.skipIf(process.platform !== "linux")("is ended and started anew when it hangs", async () => {
    const dir = freshDir();
    const first = await startChain({ dir, keepDumping: false });
    process.kill(first.pid, "SIGSTOP");
    // A thread that runs when the signal comes may still answer one request.
    await expect.poll(() => threadStates(first.pid)).toEqual(new Set(["T"]));
    const second = await startChain({ dir, keepDumping: false });
    expect(second.adopted).toBe(false);
    expect(second.pid).not.toBe(first.pid);
    await first.ended;
    await second.stop();
  });

  it("goes on from its last dump after kill -9, and from the one before when that one is cut off", async () => {
    const dir = freshDir();
    let chain = await startChain({ dir, keepDumping: false });
    const { registry } = await ensureContracts({ url: chain.url, ...wanted() });
    await chain.dump();
    await ensureContracts({
      url: chain.url,
      ...wanted(),
      centres: [testCentre("C14010", "http://127.0.0.1:2").registered],
    });
    await chain.dump();
    const moved = testCentre("C14010", "http://127.0.0.1:3").registered;
    process.kill(chain.pid, "SIGKILL");
    await chain.ended;

    chain = await startChain({ dir, keepDumping: false });
    expect((await readCentre(createChainClient({ url: chain.url }), registry, "C14010")).serviceUrl).toBe(
      "http://127.0.0.1:2",
    );
    await ensureContracts({ url: chain.url, ...wanted(), centres: [{ ...moved, keys: [] }] });
    process.kill(chain.pid, "SIGKILL");
    await chain.ended;
    fs.truncateSync(path.join(dir, "state.json"), 5_000);

    chain = await startChain({ dir, keepDumping: false });
    expect(await readCentreCodes(createChainClient({ url: chain.url }), registry)).toEqual(["C46010"]);
    process.kill(chain.pid, "SIGKILL");
    await chain.ended;
    fs.truncateSync(path.join(dir, "state.previous.json"), 5_000);
    await expect(startChain({ dir, keepDumping: false })).rejects.toThrow(/no dump of the chain/);
  });

  it("dumps by itself while it runs", async () => {
    const dir = freshDir();
    const chain = await startChain({ dir });
    await ensureContracts({ url: chain.url, ...wanted() });
    const head = await headNumber(createChainClient({ url: chain.url }));
    await expect
      .poll(
        () => {
          const file = path.join(dir, "state.json");
          return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")).best_block_number : undefined;
        },
        { timeout: 10_000 },
      )
      .toBe(Number(head));
    await chain.stop();
  });

  it.skipIf(process.platform !== "linux")("is reached from this machine only", async () => {
    const { chain } = await freshChain();
    const sockets = fs.readFileSync("/proc/net/tcp", "utf8").split("\n");
    const port = chain.port.toString(16).toUpperCase().padStart(4, "0");
    const listening = sockets
      .filter((line) => line.includes(`:${port} 00000000:0000 0A`))
      .map((line) => line.trim().split(/\s+/)[1]);
    expect(listening).toEqual([`0100007F:${port}`]);
  });
});

describe("the deployment", () => {
  it("takes less than three seconds with the chain, and sends nothing the second time", async () => {
    const started = performance.now();
    const { url, contracts, centres, deployerKey } = await freshChain();
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(contracts.sent).toBe(4 + 3 + 2 * 6);
    const again = await ensureContracts({ url, deployerKey, centres: centres.map((centre) => centre.registered) });
    expect(again).toEqual({ ...contracts, sent: 0 });
  });

  it("sends only what differs", async () => {
    const { url, contracts, centres, deployerKey, client } = await freshChain();
    const [first, second] = centres.map((centre) => centre.registered);
    const rotated = {
      ...first!.accounts,
      anchorer: `0x${createSigner(testKey("new anchorer")).account.toString("hex")}`,
    };
    const again = await ensureContracts({
      url,
      deployerKey,
      centres: [
        { ...first!, serviceUrl: "http://127.0.0.1:9", accounts: rotated },
        { ...second!, keys: [...second!.keys, { kind: "bank", value: Buffer.from([1]), from: 1 }] },
      ],
    });
    expect(again.sent).toBe(3);
    const centre = await readCentre(client, contracts.registry, first!.code);
    expect(centre).toMatchObject({ serviceUrl: "http://127.0.0.1:9", accounts: rotated });
    const [address] = await readContract(client, "CentreRegistry", contracts.registry, "contractOf", [
      toWord("Blacklist"),
    ]);
    expect(String(address).toLowerCase()).toBe(contracts.blacklist);
  });

  it("gives a chain that lost everything the same contracts at the same addresses", async () => {
    const one = await freshChain();
    const other = await freshChain();
    const { sent: _a, ...addresses } = one.contracts;
    expect(other.contracts).toMatchObject(addresses);
  });

  it("refuses a deployer whose first nonces were used for something else", async () => {
    const { url, client, chainId, centres } = await freshChain();
    const other = centres[0]!.guardian;
    const { bytes } = other.sign({ chainId, nonce: 0n, to: other.account, data: Buffer.alloc(0), gasLimit: 21_000n });
    await client.call("eth_sendRawTransaction", [toData(bytes)]);
    await expect.poll(() => client.call("eth_getTransactionCount", [toData(other.account), "latest"])).toBe("0x1");
    await expect(ensureContracts({ url, deployerKey: centres[0]!.accountKeys.guardian, centres: [] })).rejects.toThrow(
      /used for something else/,
    );
  });
});
