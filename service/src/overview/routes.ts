// What staff see first: certificates of the last days, how the log and the chain fare, and what waits for them.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Type, answers } from "../http.ts";
import { requireAction } from "../identity/access.ts";
import { findCursor, mirrorAge } from "../chain/mirror.ts";
import { outboxSummary } from "../chain/outbox.ts";
import { issuedByDay } from "../certificates/store.ts";
import { logProgress } from "../log/log.ts";
import type { Log } from "../log/log.ts";
import { counts } from "./store.ts";

export interface OverviewContext extends AppContext {
  centreLog: Log;
  centreName: (code: string) => string;
}

const Overview = Type.Object({
  certificatesByDay: Type.Array(Type.Object({ day: Type.String(), count: Type.Integer() }), {
    description: "14 days, oldest first",
  }),
  log: Type.Object({
    size: Type.Integer({ description: "leaves that have a place" }),
    pending: Type.Integer({ description: "leaves that wait" }),
    anchoredSize: Type.Integer(),
    stoppedBecause: Type.Union([Type.String(), Type.Null()]),
  }),
  witnesses: Type.Array(
    Type.Object({ centre: Type.String(), name: Type.String(), size: Type.Integer(), at: Type.String() }),
  ),
  chain: Type.Object({
    head: Type.Union([Type.Integer(), Type.Null()]),
    ageSeconds: Type.Union([Type.Number(), Type.Null()]),
    waiting: Type.Integer(),
    failed: Type.Integer(),
  }),
  listings: Type.Object({ active: Type.Integer() }),
  work: Type.Object({ barred: Type.Integer(), held: Type.Integer(), casesToConfirm: Type.Integer() }),
});

export async function overviewRoutes(app: App, { pool, now, centreLog, centreName }: OverviewContext): Promise<void> {
  app.get(
    "/api/v1/desk/overview",
    {
      preHandler: requireAction("registry.read"),
      schema: { tags: ["desk"], summary: "How the centre fares", response: answers(Overview) },
    },
    async () => {
      const [byDay, progress, cursor, age, outbox, work] = await Promise.all([
        issuedByDay(pool, now(), 14),
        logProgress(pool, centreLog.epoch),
        findCursor(pool),
        mirrorAge(pool, now()),
        outboxSummary(pool),
        counts(pool),
      ]);
      return {
        certificatesByDay: byDay,
        log: {
          size: progress.size,
          pending: progress.pending,
          anchoredSize: progress.anchoredSize,
          stoppedBecause: progress.stoppedBecause,
        },
        witnesses: progress.witnesses.map(({ centre, size, at }) => ({
          centre,
          name: centreName(centre),
          size,
          at: at.toISOString(),
        })),
        chain: {
          head: cursor?.head === null || cursor?.head === undefined ? null : Number(cursor.head),
          ageSeconds: age ?? null,
          waiting: outbox.queued + outbox.inFlight,
          failed: outbox.failed,
        },
        listings: { active: work.activeListings },
        work: { barred: work.barred, held: work.held, casesToConfirm: work.casesToConfirm },
      };
    },
  );
}
