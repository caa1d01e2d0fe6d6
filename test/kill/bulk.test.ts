// kill -9 in the middle of a bulk issue: everyone gets one certificate, and no number is used twice. bulk.long.test.ts does
// it with 20,000.
import { expect, it } from "vitest";
import { bulkWithDeaths } from "./bulk-harness.ts";

it("a bulk issue of 2,000 whose replicas are killed ends with one certificate for each", async () => {
  const { perSecond } = await bulkWithDeaths(2_000, [0.15, 0.4, 0.65]);
  expect(perSecond).toBeGreaterThan(0);
}, 300_000);
