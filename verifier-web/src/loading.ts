// What a page loads: its value, that it is loading, and what went wrong; with a way to try again.
import { onMounted, ref, shallowRef } from "vue";
import { asProblem } from "./api/problem.ts";
import type { Problem } from "./api/problem.ts";

/** Loads when the component appears, and again on demand. An older answer never overwrites a newer one. */
export function useLoaded<T>(load: () => Promise<T>) {
  const value = shallowRef<T | null>(null);
  const problem = shallowRef<Problem | null>(null);
  const loading = ref(false);
  let latest = 0;
  async function reload(): Promise<void> {
    const mine = ++latest;
    loading.value = true;
    try {
      const answer = await load();
      if (mine !== latest) return;
      value.value = answer;
      problem.value = null;
    } catch (error) {
      if (mine === latest) problem.value = asProblem(error);
    } finally {
      if (mine === latest) loading.value = false;
    }
  }
  onMounted(reload);
  return { value, problem, loading, reload };
}

/** An action with a button: busy while it runs, the problem beside it when it fails. */
export function useAction() {
  const busy = ref(false);
  const problem = shallowRef<Problem | null>(null);
  async function attempt(work: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    problem.value = null;
    try {
      await work();
    } catch (error) {
      problem.value = asProblem(error);
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, attempt };
}
