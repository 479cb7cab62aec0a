import type { Kube } from './kube.ts';
import { until } from './until.ts';

type Means = { kube: Kube; signal: AbortSignal };
type Labels = Record<string, string>;
type Template = { metadata: { labels: Labels }; spec: { volumes: object[] } };

/** The label by which the Service finds the second Redis alone. */
const SECOND = { 'orderflow.io/redis': 'second' };

/**
 * A second Redis beside that of the release, as its replica: the Service leads to the first one until `failOver` makes
 * the second the primary. The first one then lives on as a replica, with every connection that was open.
 */
export async function addReplica({ kube, signal }: Means) {
  const service = `${kube.release}-redis`;
  const first = `${service}-0`;
  const second = `${service}-second`;
  const firstAlone = { 'statefulset.kubernetes.io/pod-name': first };
  const labels = (await jsonOf<{ spec: { selector: Labels } }>('service', service)).spec.selector;

  async function jsonOf<T>(kind: string, name: string): Promise<T> {
    return JSON.parse(await kube.kubectl('get', kind, name, '-o', 'json'));
  }
  const redis = (pod: string, ...command: string[]) =>
    kube.kubectl('exec', pod, '-c', 'redis', '--', 'redis-cli', ...command);
  const leadTo = (selector: Labels) => {
    const patch = [{ op: 'replace', path: '/spec/selector', value: { ...labels, ...selector } }];
    return kube.kubectl('patch', 'service', service, '--type=json', '-p', JSON.stringify(patch));
  };
  const addressOf = (pod: string) => kube.kubectl('get', 'pod', pod, '-o', 'jsonpath={.status.podIP}');

  async function follow(replica: string, primary: string): Promise<void> {
    await redis(replica, 'config', 'set', 'masterauth', await kube.secret(service, 'password'));
    await redis(replica, 'replicaof', await addressOf(primary), '6379');
  }
  const mustFollow = async (replica: string) => {
    const info = await redis(replica, 'info', 'replication');
    if (!/role:slave/.test(info) || !/master_link_status:up/.test(info))
      throw new Error(`${replica} does not follow yet: ${info.slice(0, 200)}`);
  };
  const untilFollowing = (replica: string) =>
    until(`${replica} follows its primary`, () => mustFollow(replica), { seconds: 60, signal });

  await leadTo(firstAlone);
  const { template } = (await jsonOf<{ spec: { template: Template } }>('statefulset', service)).spec;
  const policy = { podSelector: { matchLabels: labels } };
  await kube.apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: second },
    spec: {
      ...policy,
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [policy] }],
      egress: [{ to: [policy] }],
    },
  });
  await kube.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: second, labels: { ...template.metadata.labels, ...SECOND } },
    spec: { ...template.spec, volumes: [...template.spec.volumes, { name: 'data', emptyDir: {} }] },
  });
  await kube.kubectl('wait', 'pod', second, '--for=condition=Ready', '--timeout=120s');
  await follow(second, first);
  await untilFollowing(second);

  return {
    async failOver(): Promise<void> {
      await redis(second, 'replicaof', 'no', 'one');
      await leadTo(SECOND);
      await follow(first, second);
    },
    /** Throws while the first one does not follow the second. */
    mustHaveFailedOver: () => mustFollow(first),
    /** Makes the first one the primary again, and takes the second away. */
    async remove(): Promise<void> {
      await redis(first, 'replicaof', 'no', 'one');
      await leadTo(firstAlone);
      await follow(second, first);
      await kube.kubectl('delete', 'pod', second, '--wait', '--timeout=60s');
      await leadTo({});
      await kube.kubectl('delete', 'networkpolicy', second);
    },
  };
}
