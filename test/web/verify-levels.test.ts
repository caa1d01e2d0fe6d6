// What the verify page tells of a file's level and its time-stamps, and which of them shows since when it existed.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { eachList, keyOf } from "../vectors/case.ts";
import { archive, archived, authority, listed, stamped, stored } from "../vectors/cases-levels.ts";
import { issuer, makeWorld, urlOf } from "../verify/world.ts";
import type { World } from "../verify/world.ts";
import { makeAuthority } from "../verify/tokens.ts";
import { faint, seen, sideways } from "./probes.ts";
import { picture, present, startBrowser, startSite, visit } from "./site.ts";
import type { Site } from "./site.ts";

let site: Site;
let browser: Browser;
beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const stranger = makeAuthority("stranger");

function worldWith(by = authority, change: (world: World) => void = () => undefined): World {
  const world = makeWorld(stamped({ authority: by }));
  listed(world);
  change(world);
  return world;
}

/** What stands in the facts under this label; all of it where several lines have it. */
async function factsNamed(page: Page, label: string): Promise<string[]> {
  const lines = page.locator(".facts > div", { has: page.getByText(label, { exact: true }) });
  return lines.locator("dd").allInnerTexts();
}

async function shown(world: World, file: Uint8Array, headline: string) {
  const found = await visit(browser, site, { recorded: world.recorded });
  await found.page.goto(`${site.url}/verify`);
  await present(found.page, file);
  await seen(found.page.locator("article h2", { hasText: headline }));
  return found;
}

async function pictures(page: Page, name: string) {
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await sideways(page)).toBe(0);
    expect(await faint(page)).toEqual([]);
    await picture(page, `verify-${name}-${width}`);
  }
}

const at = "2026年11月21日 09:30";
const ofTheCentre = `${at}，由签发中心认可的时间戳机构出具`;
const ofStrangers = `${at}，出具机构不在签发中心认可之列，在此不能证明什么`;

describe("a file's level", () => {
  it.each([
    ["B-B", "基本级（B-B）", 0, 0, makeWorld(), (file: Uint8Array) => file],
    ["B-T", "时间戳级（B-T）", 1, 0, worldWith(), (file: Uint8Array) => file],
    ["B-LT", "长期级（B-LT）", 1, 0, worldWith(), stored],
    ["B-LTA", "存档级（B-LTA）", 1, 1, worldWith(), archived],
  ] as const)(
    "%s is told in words, with a line for each time-stamp",
    async (name, words, onSeal, onAll, world, raise) => {
      const { page, context, complaints } = await shown(world, raise(world.pdf), "真实有效");
      const [level, ...others] = await factsNamed(page, "印章等级");
      expect(level).toContain(words);
      expect(others).toEqual([]);
      expect(await factsNamed(page, "印章上的时间戳")).toEqual(Array(onSeal).fill(ofTheCentre));
      expect(await factsNamed(page, "整份文件的时间戳")).toEqual(Array(onAll).fill(ofTheCentre));
      expect(await factsNamed(page, "最迟已存在于")).toEqual([
        `${at}，由${onSeal ? "文件上的时间戳" : "各中心见证的日志"}证明`,
      ]);
      await pictures(page, `level-${name}`);
      expect(complaints).toEqual([]);
      await context.close();
    },
  );
});

describe("a time-stamp of an authority that the centre does not use", () => {
  it("does no harm and is said to prove nothing; the log shows since when the file existed", async () => {
    const world = worldWith(stranger);
    const { page, context } = await shown(world, archive(stored(world.pdf)), "真实有效");
    expect(await factsNamed(page, "印章上的时间戳")).toEqual([ofStrangers]);
    expect(await factsNamed(page, "整份文件的时间戳")).toEqual([ofTheCentre]);
    await pictures(page, "level-foreign");
    await context.close();
    const alone = await shown(world, world.pdf, "真实有效");
    expect(await factsNamed(alone.page, "最迟已存在于")).toEqual([`${at}，由各中心见证的日志证明`]);
    await alone.context.close();
  });

  it("counts as little when the authority was distrusted", async () => {
    const world = worldWith(authority, ({ recorded }) => {
      eachList({ recorded } as World, (list) => (keyOf(list, "timestamp").distrustedSince = 1));
    });
    const { page, context } = await shown(world, world.pdf, "真实有效");
    expect(await factsNamed(page, "印章上的时间戳")).toEqual([ofStrangers]);
    await context.close();
  });

  it("is not called foreign while nobody can say which the centre uses", async () => {
    const world = worldWith(authority, ({ recorded }) => (recorded.trustLists = {}));
    const { page, context } = await shown(world, world.pdf, "状态未知");
    expect(await factsNamed(page, "印章上的时间戳")).toEqual([`${at}，出具机构暂时无法核对，不能证明什么`]);
    expect(await factsNamed(page, "最迟已存在于")).toEqual([]);
    await context.close();
  });
});

it("says nothing of level and time-stamps of a file that no log knows: they rescue none", async () => {
  const world = worldWith(authority, ({ recorded }) => (recorded.receipts[urlOf(issuer)] = {}));
  const { page, context } = await shown(world, archived(world.pdf), "不是真件");
  expect(await factsNamed(page, "印章等级")).toEqual([]);
  expect(await factsNamed(page, "整份文件的时间戳")).toEqual([]);
  await context.close();
});
