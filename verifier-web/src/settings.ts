// What a person chose for this browser: language, large type, light or dark. Kept in the browser, sent nowhere.
import { computed, reactive, watchEffect } from "vue";

export type Language = "zh-CN" | "en";
export type Theme = "system" | "light" | "dark";

interface Settings {
  language: Language;
  large: boolean;
  theme: Theme;
}

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // storage closed: the choice lives as long as the page
  }
}

function store(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    document.documentElement.dataset.storage = "none"; // the choice lives as long as the page
  }
}

const theme = stored("theme");

export const settings = reactive<Settings>({
  language: stored("language") === "en" ? "en" : "zh-CN",
  large: stored("type") === "large",
  theme: theme === "light" || theme === "dark" ? theme : "system",
});

/** Writes the choices to the document and keeps them. Called once, when the page starts. */
export function keepSettings(): void {
  watchEffect(() => {
    const root = document.documentElement;
    root.lang = settings.language;
    if (settings.large) root.dataset.type = "large";
    else delete root.dataset.type;
    if (settings.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = settings.theme;
    store("language", settings.language === "en" ? "en" : null);
    store("type", settings.large ? "large" : null);
    store("theme", settings.theme === "system" ? null : settings.theme);
  });
}

/** The texts of the chosen language. Both are of one shape, so that a missing sentence does not compile. */
export function useMessages<T>(zh: T, en: T) {
  return computed(() => (settings.language === "en" ? en : zh));
}

/** Fills `{name}` in a sentence. */
export function fill(sentence: string, params: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}
