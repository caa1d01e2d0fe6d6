import { describe, expect, it } from "vitest";
import { addMonths, dayInChina, dayOf, monthOf, monthsBetween } from "../../service/src/collection/month.ts";

describe("months and days", () => {
  it("are read in both forms of the standard", () => {
    expect(monthOf("2026-11")).toBe("2026-11");
    expect(monthOf("202611")).toBe("2026-11");
    expect(dayOf("20240229")).toBe("2024-02-29");
    expect(dayOf("2024-02-29")).toBe("2024-02-29");
  });

  it.each(["2026-13", "2026-00", "26-01", "2026/01", "1026-01", ""])("%j is no month", (text) =>
    expect(monthOf(text)).toBeUndefined(),
  );
  it.each(["20230229", "2023-2-9", "20231301", "2023-0101", ""])("%j is no day", (text) =>
    expect(dayOf(text)).toBeUndefined(),
  );

  it("are counted across years", () => {
    expect(addMonths("2026-11", 2)).toBe("2027-01");
    expect(addMonths("2026-01", -1)).toBe("2025-12");
    expect(monthsBetween("2025-12", "2027-01")).toBe(13);
  });

  it("begin when they begin in China", () => {
    expect(dayInChina(new Date("2026-10-31T16:00:00Z"))).toBe("2026-11-01");
    expect(dayInChina(new Date("2026-10-31T15:59:59Z"))).toBe("2026-10-31");
  });
});
