import {
  type DrillSpec,
  type DrillView,
  drillReport,
  drillView,
  startDrillBody,
} from '@orderflow/contracts/drills';
import { problem } from '@orderflow/contracts/errors';

/** How to reach the chaos controller: through the gateway, with the rights of an operator. */
export type Where = { url: string; token: string };

/** The part of its API that running drills takes. Each call throws what was wrong and what to do about it. */
export function createController({ url, token }: Where) {
  async function ask(method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (response.ok) return response;
    const text = await response.text();
    throw new Error(`${method} ${path} answered ${response.status}: ${detailOf(text)}`);
  }

  return {
    async start(name: string, spec: DrillSpec): Promise<DrillView> {
      const body = startDrillBody.parse({ name, spec });
      return drillView.parse(await (await ask('POST', '/api/drills', body)).json());
    },
    read: async (id: string) => drillView.parse(await (await ask('GET', `/api/drills/${id}`)).json()),
    report: async (id: string) =>
      drillReport.parse(await (await ask('GET', `/api/drills/${id}/report?format=json`)).json()),
    markdown: async (id: string) => (await ask('GET', `/api/drills/${id}/report?format=markdown`)).text(),
    async abort(id: string, reason: string): Promise<void> {
      await ask('POST', `/api/drills/${id}/abort`, { reason });
    },
  };
}

export type Controller = ReturnType<typeof createController>;

function detailOf(text: string): string {
  try {
    return problem.parse(JSON.parse(text)).detail;
  } catch {
    return text.slice(0, 500);
  }
}
