// The same for a whole centre of 20,000, with more deaths, and the memory of the replicas looked at.
import { expect, it } from "vitest";
import { bulkWithDeaths } from "./bulk-harness.ts";

it("a bulk issue of 20,000 whose replicas are killed ends with one certificate for each, in flat memory", async () => {
  const { rss, perSecond, seconds } = await bulkWithDeaths(20_000, [0.1, 0.25, 0.4, 0.5, 0.6, 0.7]);
  console.log(`20,000 in ${seconds.toFixed(1)} s, ${Math.round(perSecond)}/s with the deaths in it`, rss);
  expect(rss.late).toBeLessThan(1.5 * rss.early + 100_000_000);
}, 900_000);
