// What the person in front of the terminal reads: one line for each step, with the seconds since the start.

export interface Progress {
  /** Says what begins, does it, and says what came of it with the seconds it took. The error of a failed step passes through. */
  step<T>(name: string, work: (report: (line: string) => void) => Promise<T>): Promise<T>;
  /** one line, with the time in front */
  say(line: string): void;
  /** one line as it is */
  print(line: string): void;
}

export interface ProgressOptions {
  /** milliseconds of a clock that never goes back */
  clock: () => number;
  write: (text: string) => void;
}

/** Lines such as `[  1.3 s] Postgres: starting …`. */
export function createProgress({ clock, write }: ProgressOptions): Progress {
  const begun = clock();
  const seconds = (since: number) => ((clock() - since) / 1000).toFixed(1);
  const say = (line: string) => write(`[${seconds(begun).padStart(6)} s] ${line}\n`);
  return {
    say,
    print: (line) => write(`${line}\n`),
    async step(name, work) {
      const stepBegun = clock();
      let result = "";
      say(`${name} …`);
      const value = await work((line) => (result = line));
      say(`${name}: ${result || "done"} (${seconds(stepBegun)} s)`);
      return value;
    },
  };
}

/** A table with columns as wide as their widest cell; Chinese characters count as two. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell))));
  return rows
    .map((row) =>
      `  ${row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - displayWidth(cell))).join("  ")}`.trimEnd(),
    )
    .join("\n");
}

function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += /[⺀-鿿豈-﫿︰-﹏＀-｠￠-￦]/u.test(character) ? 2 : 1;
  return width;
}
