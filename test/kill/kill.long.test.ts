// The full matrix, for a night: every step at every centre, several deaths of one service in a row, everything at once, and
// deaths at moments that nobody chose.
import { afterAll, beforeAll, describe, it } from "vitest";
import { until } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";
import { crashAt, killAndWait, reckon, runsAnew, startKillStack, steps, whileAsking } from "./harness.ts";

const limit = 900_000;
let stack: TestStack;
beforeAll(async () => {
  stack = await startKillStack(4);
}, limit);
afterAll(async () => {
  await stack?.stop();
}, limit);

const centres = ["C46010", "C14010", "C63010", "C37170"] as const;

describe("a service that dies of kill -9", () => {
  it.each(steps.flatMap((step) => centres.map((code) => [step, code] as const)))(
    "at %s at %s loses and doubles nothing that it answered",
    async (step, code) => {
      const others = centres.filter((other) => other !== code).slice(0, 1);
      const done = await whileAsking(stack, [code, ...others], () => crashAt(stack, code, step));
      await reckon(stack, done);
    },
    limit,
  );

  it.each([...steps, "fed"] as const)(
    "at %s at all centres, twice in a row",
    async (step) => {
      const done = await whileAsking(stack, centres, async () => {
        for (let time = 0; time < 2; time++) await Promise.all(centres.map((code) => crashAt(stack, code, step)));
      });
      await reckon(stack, done);
    },
    limit,
  );

  it(
    "at every step, one after the other, while it is asked all the time",
    async () => {
      const [code] = centres;
      const done = await whileAsking(stack, [code], async () => {
        for (const step of steps) await crashAt(stack, code, step);
      });
      await reckon(stack, done);
    },
    limit,
  );
});

describe("servers that die of kill -9", () => {
  it.each(["postgres", "anvil"])(
    "%s, again and again at moments that nobody chose",
    async (name) => {
      const done = await whileAsking(stack, centres, async () => {
        for (let time = 0; time < 5; time++) {
          // A moment within the life of one certificate, another one each time.
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 2_000));
          await killAndWait(stack, name);
        }
      });
      await reckon(stack, done);
    },
    limit,
  );

  it(
    "all processes at once, three times",
    async () => {
      const done = await whileAsking(stack, centres, async () => {
        for (let time = 0; time < 3; time++) {
          const names = ["postgres", "anvil", ...centres];
          const last = names.pop()!;
          const pids = names.map((name) => stack.process(name));
          await killAndWait(stack, last, () => pids.forEach((pid) => process.kill(pid, "SIGKILL")));
          for (const [i, name] of names.entries())
            await until(`${name} is started again`, () => runsAnew(stack, name, pids[i]!), 90_000);
        }
      });
      await reckon(stack, done);
    },
    limit,
  );
});
