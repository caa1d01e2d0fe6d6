// How a message leaves: the centre's SMS gateway, or a page that shows it, for development.
import type { Config } from "../config.ts";
import { invariant } from "../errors.ts";

export interface SmsChannel {
  /** the text stays readable until it expires, because the channel is a page that shows it */
  keepsText: boolean;
  /**
   * Hands a message over. The same id again is the same message.
   * @throws when the gateway did not take it: it is tried again later
   */
  send(message: { id: string; to: string; text: string }): Promise<void>;
}

/** The channel that the settings name; undefined when messages are not sent at all. */
export function createChannel(config: Pick<Config, "sms" | "environment">): SmsChannel | undefined {
  const { provider, gatewayUrl, gatewayToken } = config.sms;
  if (provider === "none") return undefined;
  if (provider === "development") {
    invariant(config.environment !== "production", "the development channel is refused in production");
    // Being listed is being delivered.
    return { keepsText: true, send: async () => undefined };
  }
  invariant(gatewayUrl, "the gateway has no address");
  return {
    keepsText: false,
    async send({ id, to, text }) {
      const response = await fetch(gatewayUrl, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "idempotency-key": id,
          ...(gatewayToken ? { authorization: `Bearer ${gatewayToken}` } : {}),
        },
        body: JSON.stringify({ id, to, text }),
        redirect: "error",
        signal: AbortSignal.timeout(10_000),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the gateway answered ${response.status}`);
    },
  };
}
