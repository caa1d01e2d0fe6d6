import { describe, expect, it } from "vitest";
import { agree, askAll } from "../../service/src/verify/agreement.ts";

const say = (text: string) => [...text].map((value, i) => ({ centre: `C${i}`, value }));
const same = (value: string) => value;

describe("agreement", () => {
  it.each([
    ["aa", "a", ""],
    ["aab", "a", "C2"],
    ["baa", "a", "C0"],
    ["aaab", "a", "C3"],
    ["aaabc", "a", "C3 C4"],
  ])("of %s is %s, against %s", (text, value, against) => {
    const found = agree(say(text), same);
    expect(found).toMatchObject({ kind: "agreed", value, against: against.split(" ").filter(Boolean) });
  });

  it.each(["ab", "abc", "aabb", "aabbc", "aabc"])("of %s there is none", (text) => {
    expect(agree(say(text), same).kind).toBe("disputed");
  });

  it.each(["", "a"])("of %j there are too few", (text) => {
    expect(agree(say(text), same).kind).toBe("too-few");
  });

  it("asks all, and names those that do not answer", async () => {
    const centres = [{ code: "C1" }, { code: "C2" }];
    const found = await askAll(centres, async ({ code }) => {
      if (code === "C2") throw new Error("away");
      return code;
    });
    expect(found).toEqual({ answers: [{ centre: "C1", value: "C1" }], silent: ["C2"] });
  });
});
