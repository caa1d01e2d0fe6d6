import type { home as zh } from "../zh-CN/home.ts";

export const home: typeof zh = {
  title: "A certificate that everyone can verify",
  lead: "Electronic certificates of housing provident fund centres carry an electronic seal and are recorded in a ledger that the centres keep together. Anyone can verify one on the spot, without a call and without having to believe anybody.",
  doors: {
    verify: {
      name: "Verify a certificate",
      text: "Scan the code or drop the PDF and know within seconds. No sign-in.",
      go: "Verify",
    },
    me: { name: "My account", text: "See your account, get a certificate, withdraw for rent.", go: "Sign in" },
    desk: { name: "Staff", text: "Counter business, second checks and the restriction list.", go: "To the desk" },
  },
  howTitle: "Why it can be relied on",
  how: [
    {
      name: "Sealed",
      text: "The centre's electronic seal covers the whole file; a single changed character is found.",
    },
    { name: "Logged", text: "Everything issued goes into a log that can only grow, witnessed by the other centres." },
    { name: "Anchored", text: "The log's digest stands in the ledger of all centres, where nobody can change it." },
  ],
  privacy: "No name, document number or amount stands in the ledger: only digests that cannot be turned back.",
  members: "Centres that run it together",
};
