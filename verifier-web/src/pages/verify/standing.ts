// What is known of a certificate number alone: its standing, nothing about a person.
import { api } from "../../api/client.ts";
import { Problem, problemOf } from "../../api/problem.ts";
import type { StandingAnswer } from "../../api/types.ts";
import { readTrustList } from "../../../../service/src/proof/trust-list.ts";

/**
 * Asks the centre that issued the number, found by the credit code inside it; this centre when no other fits.
 * @param on the day that is asked about, YYYY-MM-DD; today if not given
 * @returns "none" when that centre never issued the number
 */
export async function standingOf(serial: string, on?: string): Promise<StandingAnswer | "none"> {
  const list = readTrustList(await api.get("/api/v1/trust-list"));
  const issuer = list.centres.find((centre) => centre.creditCode !== "" && serial.includes(`.${centre.creditCode}.`));
  const base = issuer?.serviceUrl ?? "";
  let response: Response;
  try {
    response = await fetch(
      `${base}/api/v1/certificates/standing/${encodeURIComponent(serial)}${on ? `?on=${on}` : ""}`,
      {
        credentials: "omit",
        signal: AbortSignal.timeout(15_000),
      },
    );
  } catch (cause) {
    throw new Problem(navigator.onLine ? "unreachable" : "offline", 0, {}, { cause });
  }
  if (response.ok) return (await response.json()) as StandingAnswer;
  const problem = await problemOf(response);
  if (problem.status === 404) return "none";
  throw problem;
}
