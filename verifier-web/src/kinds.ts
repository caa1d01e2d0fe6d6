// The kinds of certificates that the centre gives out, and how they are called. The service lists them: this page knows none
// by itself, so one that is newer than the page is called as the service calls it.
import { api } from "./api/client.ts";
import type { CertificateKind } from "./api/types.ts";
import { names as namesEn } from "./messages/en/names.ts";
import { names as namesZh } from "./messages/zh-CN/names.ts";
import { settings } from "./settings.ts";

let asked: Promise<CertificateKind[]> | undefined;

/** The kinds, asked for once for each visit; after a failure the next caller asks again. */
export function loadKinds(): Promise<CertificateKind[]> {
  asked ??= api
    .get<{ kinds: CertificateKind[] }>("/api/v1/certificate-kinds")
    .then(({ kinds }) => kinds)
    .catch((error: unknown) => {
      asked = undefined;
      throw error;
    });
  return asked;
}

export const titleOf = (kind: Pick<CertificateKind, "title">): string =>
  settings.language === "en" ? kind.title.en : kind.title.zh;

/** The name of a kind by its code, in the chosen language where this page knows it. */
export function kindName({ kind, kindName: name }: { kind: string; kindName?: string }): string {
  const known: Record<string, string> = (settings.language === "en" ? namesEn : namesZh).kinds;
  return known[kind] ?? name ?? kind;
}
