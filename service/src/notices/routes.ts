// The page of the development channel: what would have been sent as SMS. It exists only while SMS_PROVIDER=development,
// which production refuses.
import type { App, AppContext } from "../app.ts";
import { Type } from "../http.ts";
import { developmentMessages } from "./store.ts";

const Messages = Type.Object({
  items: Type.Array(
    Type.Object({
      id: Type.String(),
      recipient: Type.String({ description: "masked" }),
      text: Type.String(),
      sentAt: Type.String({ format: "date-time" }),
      expiresAt: Type.String({ format: "date-time" }),
    }),
  ),
});

export async function noticeRoutes(app: App, { config, pool, now }: AppContext): Promise<void> {
  if (config.sms.provider !== "development" || config.environment === "production") return;
  app.get(
    "/api/v1/development/messages",
    {
      schema: {
        tags: ["development"],
        summary: "The last messages that would have been sent",
        response: { 200: Messages },
      },
    },
    async (_request, reply) => {
      reply.header("cache-control", "no-store");
      const messages = await developmentMessages(pool, now(), 20);
      return {
        items: messages.map(({ id, recipientMasked, text, createdAt, expiresAt }) => ({
          id,
          recipient: recipientMasked,
          text,
          sentAt: createdAt.toISOString(),
          expiresAt: expiresAt.toISOString(),
        })),
      };
    },
  );
}
