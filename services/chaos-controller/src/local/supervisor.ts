import { z } from 'zod';
import { Refusal } from '../driver.ts';

const process = z.object({
  name: z.string(),
  uid: z.string().nullable(),
  /** Kept down by a drill. */
  held: z.boolean(),
  ready: z.boolean(),
});
const grips = z.object({ items: z.array(z.object({ by: z.string() })) });
const turn = z.object({ held: z.boolean() });
const refusal = z.object({ why: z.string() });

/** Longer than the supervisor waits for a process to end in good order. */
const TIMEOUT_MS = 40_000;

/** The control server of the supervisor that `npm start` is. Each call throws when its outcome is not known. */
export function createSupervisor({ url, token }: { url: string; token: string }) {
  async function ask(method: string, path: string, body?: object) {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer: unknown = await response.json();
    return { status: response.status, answer };
  }

  async function must(method: string, path: string, body?: object): Promise<unknown> {
    const { status, answer } = await ask(method, path, body);
    if (status === 200) return answer;
    throw new Error(`The supervisor answered ${status} to ${method} ${path}: ${whyOf(answer)}`);
  }

  return {
    /** Undefined when there is none of this name. */
    async process(name: string) {
      const { status, answer } = await ask('GET', `/processes/${name}`);
      if (status === 200) return process.parse(answer);
      if (status === 404) return undefined;
      throw new Error(`The supervisor answered ${status}: ${whyOf(answer)}`);
    },
    async end({ name, uid }: { name: string; uid: string }, how: 'terminate' | 'kill') {
      const { status, answer } = await ask('POST', `/processes/${name}/end`, { uid, how });
      if (status === 200) return { outcome: 'removed' as const };
      if (status === 404 || status === 410) return { outcome: 'gone' as const };
      if (status === 403) return { outcome: 'refused' as const, why: whyOf(answer) };
      throw new Error(`The supervisor answered ${status}: ${whyOf(answer)}`);
    },
    async grip(name: string, grip: { by: string; how: 'freeze' | 'hold'; until: Date }): Promise<void> {
      const { status, answer } = await ask('PUT', `/grips/${name}`, grip);
      if (status === 200) return;
      if (status >= 400 && status < 500) throw new Refusal(whyOf(answer));
      throw new Error(`The supervisor answered ${status}: ${whyOf(answer)}`);
    },
    release: (by: string) => must('DELETE', `/grips/${by}`),
    grips: async () => grips.parse(await must('GET', '/grips')).items,
    turn: async (what: 'take' | 'keep' | 'end', by: string, forMs: number) =>
      turn.parse(await must('POST', '/turn', { by, do: what, forMs })).held,
  };
}

const whyOf = (answer: unknown) => refusal.safeParse(answer).data?.why ?? 'without a reason';
