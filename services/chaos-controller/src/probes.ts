import type { DrillProbe } from '@orderflow/contracts/drills';
import { z } from 'zod';
import type { ProbeResult } from './seen.ts';

const TIMEOUT_MS = 2_000;

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries: a scalar, or series of one sample each. */
const sample = z.tuple([z.number(), z.string()]);
const instantAnswer = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: sample })) }),
  ]),
});

export type ProbeTargets = {
  gatewayUrl: string;
  /** Without it, probes that ask it are unknown. */
  prometheusUrl: string | undefined;
};

/** One look by a probe. Never throws: what gives no answer in time is unknown, and for HTTP it fails. */
export async function probe(
  { http, prometheus }: DrillProbe,
  { gatewayUrl, prometheusUrl }: ProbeTargets,
): Promise<ProbeResult> {
  if (http) return askHttp(new URL(http.url, gatewayUrl), http.status);
  if (!prometheus || !prometheusUrl) return 'unknown';
  const value = await queryPrometheus(prometheusUrl, prometheus.query).catch(() => undefined);
  if (value === undefined || Number.isNaN(value)) return 'unknown';
  return compare(value, prometheus.is, prometheus.value) ? 'holds' : 'fails';
}

async function askHttp(url: URL, status: number): Promise<ProbeResult> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', signal });
    await response.body?.cancel();
    return response.status === status ? 'holds' : 'fails';
  } catch {
    return 'fails';
  }
}

/** The one number that a query comes to; undefined when it is none or several. Throws without a proper answer. */
async function queryPrometheus(baseUrl: string, query: string): Promise<number | undefined> {
  const response = await fetch(`${baseUrl.replace(/\/$/, '')}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { data } = instantAnswer.parse(await response.json());
  const samples = data.resultType === 'scalar' ? [data.result] : data.result.map(({ value }) => value);
  // Prometheus writes infinity in its own way.
  const [text] = samples.length === 1 ? samples.map(([, value]) => value) : [];
  return text === undefined ? undefined : Number(text.replace(/Inf$/, 'Infinity'));
}

function compare(value: number, is: NonNullable<DrillProbe['prometheus']>['is'], limit: number): boolean {
  switch (is) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '==':
      return value === limit;
    case '>=':
      return value >= limit;
    case '>':
      return value > limit;
    default:
      return is satisfies never;
  }
}
