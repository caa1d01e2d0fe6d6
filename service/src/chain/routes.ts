// What every verifier reads of the consortium through this centre: members, trust list, and the chain itself, read-only.
import type { AppContext } from "../app.ts";
import type { App } from "../http.ts";
import { Type, answers } from "../http.ts";
import type { ChainClient } from "./client.ts";
import { readableContracts } from "./mirror.ts";
import { answer, maxProxyBody } from "./proxy.ts";
import type { TrustCache } from "./trust-cache.ts";

export interface ChainContext extends AppContext {
  chainClient: ChainClient;
  trust: TrustCache;
}

export async function chainRoutes(app: App, context: ChainContext): Promise<void> {
  const { config, trust } = context;

  const Consortium = Type.Object({
    label: Type.String({ description: "to be shown on every page unless it is empty" }),
    self: Type.String({ description: "code of the centre that answers" }),
    chainId: Type.Integer(),
    centres: Type.Array(Type.Object({ code: Type.String(), name: Type.String(), url: Type.String() })),
  });
  app.get(
    "/api/v1/consortium",
    { schema: { tags: ["verification"], summary: "Whom a verifier may ask", response: answers(Consortium) } },
    async () => {
      const list = await trust.current();
      return {
        label: config.developmentLabel,
        self: config.centre.code,
        chainId: list.chainId,
        centres: list.centres
          .filter((centre) => !centre.removed)
          .map(({ code, name, serviceUrl }) => ({ code, name, url: serviceUrl })),
      };
    },
  );

  app.get(
    "/api/v1/trust-list",
    {
      schema: {
        tags: ["verification"],
        summary: "Who may seal, log and witness, as this centre read it from the chain",
        response: answers(Type.Unknown({ description: "service/src/proof/FORMAT.md §8" })),
      },
    },
    async (_request, reply) => reply.header("cache-control", "no-store").send(await trust.current()),
  );

  app.post(
    "/api/v1/chain",
    {
      bodyLimit: maxProxyBody,
      config: { anyOrigin: true },
      schema: {
        tags: ["verification"],
        summary: "Read-only JSON-RPC: listed methods, contracts and calls only",
        body: Type.Unknown(),
        response: answers(Type.Unknown()),
      },
    },
    async (request, reply) => {
      const contracts = await readableContracts(context.pool);
      return reply
        .header("cache-control", "no-store")
        .send(await answer(request.body, { client: context.chainClient, contracts }));
    },
  );
}
