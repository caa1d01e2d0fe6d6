// An action on one item of a list, about which a dialog asks first; some want a note that says why.
import { ref, shallowRef } from "vue";
import { useAction } from "../../loading.ts";
import { desk as en } from "../../messages/en/desk.ts";
import { desk as zh } from "../../messages/zh-CN/desk.ts";
import { useMessages } from "../../settings.ts";

export function useAsked<T>() {
  const t = useMessages(zh, en);
  const acting = useAction();
  const chosen = shallowRef<T | null>(null);
  const note = ref("");
  const noteError = ref<string | null>(null);

  /** Opens the dialog about this item, with nothing left in it from the one before. */
  function ask(item: T, dialog: { open(): void } | undefined): void {
    chosen.value = item;
    note.value = "";
    noteError.value = null;
    acting.problem.value = null;
    dialog?.open();
  }

  /** The note; null, with the reason beside its field, when nothing is written. */
  function takenNote(): string | null {
    const written = note.value.trim();
    noteError.value = written ? null : t.value.certificates.noteError;
    return written || null;
  }

  return { acting, chosen, note, noteError, ask, takenNote };
}
