// FORMAT.md §8: what centres say alike. One centre alone is not believed, and where two differ nothing is known.

/** What one centre answered. Every centre answers once. */
export interface Answer<T> {
  centre: string;
  value: T;
}

export type Agreement<T> =
  | { kind: "agreed"; value: T; by: string[]; against: string[] }
  | { kind: "disputed"; variants: Answer<T>[] }
  | { kind: "too-few"; answered: string[] };

/**
 * The value that at least two centres, and more than half of those that answered, say alike. As they are different centres,
 * one of them at least is not the issuer. `against` names those that said something else.
 * @param textOf the same text for values that are alike
 */
export function agree<T>(answers: readonly Answer<T>[], textOf: (value: T) => string): Agreement<T> {
  if (answers.length < 2) return { kind: "too-few", answered: answers.map(({ centre }) => centre) };
  const groups = new Map<string, Answer<T>[]>();
  for (const answer of answers) {
    const text = textOf(answer.value);
    groups.set(text, [...(groups.get(text) ?? []), answer]);
  }
  const [largest] = [...groups.values()].sort((a, b) => b.length - a.length);
  if (largest!.length < 2 || 2 * largest!.length <= answers.length) return { kind: "disputed", variants: [...answers] };
  const by = largest!.map(({ centre }) => centre);
  const against = answers.map(({ centre }) => centre).filter((centre) => !by.includes(centre));
  return { kind: "agreed", value: largest![0]!.value, by, against };
}

/** Asks several at once; an answer that throws or has not its form is left out and named among `silent`. */
export async function askAll<C extends { code: string }, T>(
  centres: readonly C[],
  ask: (centre: C) => Promise<T>,
): Promise<{ answers: Answer<T>[]; silent: string[] }> {
  const settled = await Promise.allSettled(centres.map(async (centre) => ask(centre)));
  const answers: Answer<T>[] = [];
  const silent: string[] = [];
  settled.forEach((result, i) => {
    const centre = centres[i]!.code;
    if (result.status === "fulfilled") answers.push({ centre, value: result.value });
    else silent.push(centre);
  });
  return { answers, silent };
}
