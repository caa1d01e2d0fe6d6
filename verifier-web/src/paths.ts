// Every address that shows a page, and which page. The build hands the addresses to the service (pages.json), which answers
// 404 for every other one: this list is the only place that names them.

export type PageName = "home" | "verify" | "me" | "desk" | "messages" | "missing";

export const paths: Readonly<Record<string, PageName>> = {
  "/": "home",
  "/v": "verify",
  "/verify": "verify",
  "/me": "me",
  "/me/certificates": "me",
  "/me/withdrawals": "me",
  "/desk": "desk",
  "/desk/persons": "desk",
  "/desk/certificates": "desk",
  "/desk/bulk": "desk",
  "/desk/withdrawals": "desk",
  "/desk/blacklist": "desk",
  "/desk/checks": "desk",
  "/dev/messages": "messages",
};
