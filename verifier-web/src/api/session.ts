// Who is signed in, and which centre this is.
import { reactive, readonly } from "vue";
import { api, whenExpired } from "./client.ts";
import type { Actor, Consortium, Session } from "./types.ts";

interface State {
  /** undefined while nobody has asked yet */
  actor: Actor | null | undefined;
  /** someone was signed in and the service has forgotten it: what stands in the forms must survive */
  expired: boolean;
}

const state = reactive<State>({ actor: undefined, expired: false });

export const session = readonly(state);

whenExpired(() => {
  if (state.actor) state.expired = true;
  else state.actor = null;
});

export async function loadSession(): Promise<void> {
  const answer = await api.get<Session>("/api/v1/session");
  state.actor = answer.actor;
  state.expired = false;
}

export function signedIn(actor: Actor): void {
  state.actor = actor;
  state.expired = false;
}

export async function signOut(): Promise<void> {
  await api.post("/api/v1/sign-out");
  state.actor = null;
  state.expired = false;
}

const consortiumState = reactive<{ value: Consortium | null }>({ value: null });

/** The consortium as the centre tells it; null until it has answered. */
export const consortium = readonly(consortiumState);

let asked: Promise<Consortium> | undefined;

/** Asks once for each page; after a failure the next caller asks again. */
export function loadConsortium(): Promise<Consortium> {
  asked ??= api
    .get<Consortium>("/api/v1/consortium")
    .then((answer) => (consortiumState.value = answer))
    .catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
  return asked;
}
