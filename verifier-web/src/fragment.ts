// A QR's data stands in the address's fragment, which no server sees. It is read before anything else runs and taken
// out of the address at once, so that it stays in no history, no bookmark and no copied link.
let held = "";

function takeFragment(): void {
  if (!/^\/(v|verify)\/?$/.test(location.pathname) || location.hash.length < 2) return;
  held = location.hash.slice(1);
  history.replaceState(history.state, "", location.pathname);
}

takeFragment();

// The same page scanned again only changes the fragment.
addEventListener("hashchange", () => {
  takeFragment();
  if (held) dispatchEvent(new Event("fragment"));
});

/** The digits of a QR that opened this page, once; then nothing. */
export function heldFragment(): string {
  const digits = held;
  held = "";
  return digits;
}
