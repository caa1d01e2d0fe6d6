import type { development as zh } from "../zh-CN/development.ts";

export const development: typeof zh = {
  title: "Test messages",
  lead: "The development environment sends no real messages. Each one appears here; the list refreshes every 3 seconds.",
  none: "No messages yet. Ask for a sign-in code to see one.",
  to: "To {recipient}",
  updated: "Updated {time}",
};
