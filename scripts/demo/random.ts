// A seeded source of numbers, so that the same seed makes the same demonstration data everywhere. Not for secrets.

export interface SeededRandom {
  /** whole number from 0 to below `limit` */
  below(limit: number): number;
  /** whole number from `low` to `high`, both included */
  between(low: number, high: number): number;
  pick<T>(choices: readonly T[]): T;
  /** true in `percent` of a hundred cases */
  chance(percent: number): boolean;
}

/** The generator mulberry32 behind a few convenient questions. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number) => Math.floor((next() / 2 ** 32) * limit);
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    pick: (choices) => choices[below(choices.length)]!,
    chance: (percent) => below(100) < percent,
  };
}
