// What people type, in the one form that is compared and sent: full-width characters, spaces and small letters are the keyboard's.

export function typedNumber(text: string): string {
  return text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
}

/** Whether it can be the number of any document: an ID card, a passport, a permit. The service knows each kind's own rule. */
export function isDocumentNumber(number: string): boolean {
  return /^[0-9A-Z()-]{4,18}$/.test(number);
}

/** An amount in yuan without the signs and commas that people copy along. */
export function typedAmount(text: string): string {
  return text.normalize("NFKC").replace(/[\s,¥]/g, "");
}
