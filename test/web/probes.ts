// What can be said of any page without a person looking: nothing sticks out, everything has a name and can be read.
import type { Locator, Page } from "playwright-core";

/** Waits until it is seen. @throws when it is not, in time */
export async function seen(locator: Locator, timeout = 20_000): Promise<boolean> {
  await locator.first().waitFor({ timeout });
  return true;
}

/** Pixels by which the page is wider than the screen. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Controls without a name. */
export function nameless(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("a, button, input, select, textarea, [role=radiogroup], nav")]
      .filter((element) => element.getClientRects().length > 0)
      .filter((element) => {
        const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
        const by = (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id));
        const name = [
          element.getAttribute("aria-label"),
          element.textContent,
          ...[...labels, ...by].map((e) => e?.textContent),
        ];
        return !name.some((text) => text?.trim());
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}

/** Texts whose contrast with their ground is below 4.5 : 1 (3 : 1 when large). */
export function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = ([r = 0, g = 0, b = 0]: number[]) => {
      const [x, y, z] = [r, g, b].map((v) =>
        v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * x! + 0.7152 * y! + 0.0722 * z!;
    };
    const groundOf = (element: Element | null): number[] => {
      for (let at = element; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if ((colour[3] ?? 1) > 0.99 && colour.length >= 3) return colour;
      }
      return [255, 255, 255];
    };
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement!;
      if (!node.textContent?.trim() || element.getClientRects().length === 0) continue;
      if (element.closest("noscript, svg, .for-readers, .skip, :disabled")) continue;
      const style = getComputedStyle(element);
      const [a, b] = [luminance(parse(style.color)), luminance(groundOf(element))].sort((x, y) => y - x) as [
        number,
        number,
      ];
      const ratio = (a + 0.05) / (b + 0.05);
      const large = Number.parseFloat(style.fontSize) >= 24;
      if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${node.textContent.trim().slice(0, 30)}`);
    }
    return found;
  });
}
