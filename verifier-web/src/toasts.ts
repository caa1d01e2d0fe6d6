// Short words about what just happened; one list for the whole site.
import { reactive, readonly } from "vue";

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "good" | "wait";
  action?: { label: string; run: () => void };
}

const list = reactive<Toast[]>([]);
let last = 0;

export const toasts = readonly(list);

export function dismiss(id: number): void {
  const at = list.findIndex((toast) => toast.id === id);
  if (at >= 0) list.splice(at, 1);
}

/** Shows a text for a while: longer when it offers an action. */
export function tell(text: string, options: { tone?: Toast["tone"]; action?: Toast["action"] } = {}): void {
  const id = ++last;
  list.push({ id, text, tone: options.tone ?? "plain", action: options.action });
  setTimeout(() => dismiss(id), options.action ? 12_000 : 6000);
}
