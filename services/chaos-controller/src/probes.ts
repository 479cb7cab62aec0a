import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import type { DrillProbe } from '@orderflow/contracts/drills';
import type { Logger } from '@orderflow/service-kit/logger';
import { z } from 'zod';
import { checkedLookup, ForbiddenAddress, type ProbeTargets, probeAddress } from './probe-address.ts';
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

type Options = ProbeTargets & {
  /** Without it, probes that ask it are unknown. */
  prometheusUrl: string | undefined;
  log: Logger;
};

/** One look by a probe. Never throws: what gives no answer in time is unknown, and for HTTP it fails. */
export async function probe(
  { name, http, prometheus }: DrillProbe,
  { prometheusUrl, log, ...targets }: Options,
): Promise<ProbeResult> {
  if (http) {
    const address = probeAddress(http.url, targets);
    return address
      ? askHttp(address, http.status, (why) => log.warn({ probe: name, why }, 'probe not sent'))
      : 'unknown';
  }
  if (!prometheus || !prometheusUrl) return 'unknown';
  const value = await queryPrometheus(prometheusUrl, prometheus.query).catch(() => undefined);
  if (value === undefined || Number.isNaN(value)) return 'unknown';
  return compare(value, prometheus.is, prometheus.value) ? 'holds' : 'fails';
}

async function askHttp(url: URL, status: number, refused: (why: string) => void): Promise<ProbeResult> {
  try {
    return (await statusOf(url)) === status ? 'holds' : 'fails';
  } catch (error) {
    if (!(error instanceof ForbiddenAddress)) return 'fails';
    refused(error.message);
    return 'unknown';
  }
}

const lookup = checkedLookup();

/** The status that a URL answers with, on a connection of its own. A redirect is an answer, and is not followed. */
const statusOf = (url: URL) =>
  new Promise<number | undefined>((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    get(url, { lookup, signal, agent: false }, (response) => {
      response.on('error', () => {}).destroy();
      resolve(response.statusCode);
    }).on('error', reject);
  });

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
