import {
  ApiException,
  AppsV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  EventsV1Api,
  KubeConfig,
  NetworkingV1Api,
  PatchStrategy,
  PolicyV1Api,
  type RequestContext,
  ServerConfiguration,
} from '@kubernetes/client-node';
import { Refusal } from '../driver.ts';

/** Beyond it an answer is of no use: a drill is looked at every second. */
const ANSWER_WITHIN_MS = 5_000;

export type ApiOptions = {
  /** The file of a kubeconfig; in a pod, its ServiceAccount's token. */
  kubeconfig?: string;
  /** The pod's own when left out. */
  namespace?: string;
};

/** The parts of the API that drills need, and the namespace they stay in. Throws when there is no cluster to be found. */
export function openApi(options: ApiOptions = {}) {
  const config = new KubeConfig();
  if (options.kubeconfig) config.loadFromFile(options.kubeconfig);
  else config.loadFromCluster();
  const cluster = config.getCurrentCluster();
  const namespace = options.namespace ?? config.getContextObject(config.currentContext)?.namespace;
  if (!cluster) throw new Error(`The kubeconfig ${options.kubeconfig} has no current context; choose one.`);
  if (!namespace) throw new Error('In which namespace do drills run? Set it in the kubeconfig, or pass it.');
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(cluster.server, {}),
    authMethods: { default: config },
    promiseMiddleware: [{ pre: createPre(), post: async (response) => response }],
  });
  return {
    namespace,
    core: new CoreV1Api(configuration),
    apps: new AppsV1Api(configuration),
    policy: new PolicyV1Api(configuration),
    networking: new NetworkingV1Api(configuration),
    coordination: new CoordinationV1Api(configuration),
    events: new EventsV1Api(configuration),
    custom: new CustomObjectsApi(configuration),
  };
}
export type Api = ReturnType<typeof openApi>;

function createPre() {
  let connections: ReturnType<RequestContext['getDispatcher']>;
  return async (request: RequestContext) => {
    request.setSignal(AbortSignal.timeout(ANSWER_WITHIN_MS));
    // The client opens new connections for each request; the first ones serve all.
    connections ??= request.getDispatcher();
    if (connections) request.setDispatcher(connections);
    if (request.getHttpMethod().toString() === 'PATCH') {
      request.setHeaderParam('Content-Type', PatchStrategy.MergePatch);
    }
    return request;
  };
}

/** The HTTP status with which the API server refused, if that is what was thrown. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof ApiException ? error.code : undefined;

/** The API server's own words for why it refused. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof ApiException)) return error instanceof Error ? error.message : String(error);
  const { body } = error as { body: unknown };
  const status = typeof body === 'string' ? parsed(body) : body;
  const { message, details } = (status ?? {}) as {
    message?: string;
    details?: { causes?: { message?: string }[] };
  };
  const causes = (details?.causes ?? []).map((cause) => cause.message);
  return [message, ...causes].filter(Boolean).join(' ') || `the API server answered ${error.code}`;
}

/** The answer, or an error with the API server's words; the client's own has every header in it. */
export const inWords = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((cause) => {
    // An admission policy, or the Role: the same tomorrow.
    const refused = [403, 422].includes(statusOf(cause) ?? 0);
    throw new (refused ? Refusal : Error)(wordsOf(cause), { cause });
  });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

/** What was asked for, or undefined when it is not there. */
export const ifThere = <T>(answer: Promise<T>): Promise<T | undefined> => unless(404, answer, undefined);

/** What was asked for, or `otherwise` when the API server answered with this status. */
export async function unless<T, U>(status: number, answer: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === status) return otherwise;
    throw error;
  }
}

/** Reads, decides and writes again when somebody else wrote in between, which the API server tells by a 409. */
export async function onConflictAgain<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (statusOf(error) !== 409 || left === 0) throw error;
    }
  }
}
