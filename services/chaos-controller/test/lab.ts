import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DrillTarget } from '@orderflow/contracts/drills';
import { eventually } from '@orderflow/testing/eventually';
import { onTestFinished } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { openKubernetesDriver } from '../src/kubernetes/driver.ts';

/** A Kubernetes object, as far as tests look into it. */
// biome-ignore lint/suspicious/noExplicitAny: manifests are of forty shapes, and a wrong path shows as a failed test
export type Manifest = { kind: string; metadata: { name: string } } & any;

const RELEASE = 'of';
const PORTS: Record<string, string> = { postgres: '5432' };

const chart = fileURLToPath(new URL('../../../charts/orderflow', import.meta.url));

/**
 * A namespace with what the chart makes of a few services, the chaos controller's rights and the policies among it,
 * but with pods that only answer HTTP; and drivers with the token of the chart's own ServiceAccount. Needs a cluster.
 */
export async function openLab(name: string, ...settings: string[]) {
  const namespace = `drills-lab-${name}`;
  const folder = mkdtempSync(join(tmpdir(), 'orderflow-lab-'));
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)('kubectl', ['-n', namespace, ...args], { maxBuffer: 1 << 26 })).stdout;
  const apply = (...objects: object[]) => {
    const input = JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects });
    execFileSync('kubectl', ['-n', namespace, 'apply', '-f', '-'], {
      input,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  };

  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=120s');
  await kubectl('create', 'namespace', namespace);
  await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  await kubectl('apply', '-f', `${chart}/crds/drills.yaml`);
  await kubectl('wait', '--for=condition=Established', 'crd/drills.orderflow.io');
  const manifests = render('-n', namespace, ...settings.flatMap((each) => ['--set', each]));
  const wanted = [
    'order',
    'order-postgres',
    'customer',
    'gateway',
    'chaos-controller',
    'default',
    'drills',
    'put-back',
  ];
  const admission = ['', '-evictions'].map((which) => `${namespace}-${RELEASE}-drills${which}`);
  const ours = new Set([...wanted.map((each) => `${RELEASE}-${each}`), ...admission]);
  apply(
    ...manifests
      .filter(({ kind, metadata }) => ours.has(metadata.name) && !['Secret', 'Job', 'CronJob'].includes(kind))
      .filter(({ kind, metadata }) => kind !== 'Deployment' || !metadata.name.includes('chaos'))
      .map(withoutPrograms),
  );
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, await kubeconfigOf(`${RELEASE}-chaos-controller`));
  const putBackKubeconfig = join(folder, 'put-back');
  writeFileSync(putBackKubeconfig, await kubeconfigOf(`${RELEASE}-put-back`));

  async function kubeconfigOf(account: string): Promise<string> {
    const { clusters } = JSON.parse(await kubectl('config', 'view', '--raw', '--minify', '-o', 'json'));
    const token = (await kubectl('create', 'token', account, '--duration=1h')).trim();
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters,
      users: [{ name: account, user: { token } }],
      contexts: [{ name: 'lab', context: { cluster: clusters[0].name, user: account, namespace } }],
      'current-context': 'lab',
    });
  }

  const openAs = (kubeconfig: string) =>
    openKubernetesDriver({ release: RELEASE, kubeconfig, turnSeconds: 4, log: { warn: () => {} } });
  const open = () => openAs(kubeconfig);
  const lab = {
    namespace,
    release: RELEASE,
    kubectl,
    apply,
    kubeconfig,
    open,
    /** With the rights of what puts back what drills have left. */
    openPutBack: () => openAs(putBackKubeconfig),
    /** As the chaos controller: rejects with what kubectl complains about. */
    asController: (...args: string[]) => kubectl('--kubeconfig', kubeconfig, ...args),
    json: async (...args: string[]): Promise<Manifest> => JSON.parse(await kubectl(...args, '-o', 'json')),
    /** Whether a page of `to` reaches a pod of the workload `from`. */
    reaches: async (from: string, to: string): Promise<boolean> => {
      const pod = await podOf(from);
      const ask = `fetch('http://${to}/', { signal: AbortSignal.timeout(2000) }).catch(() => process.exit(1))`;
      return kubectl('exec', pod, '--', 'node', '-e', ask).then(
        () => true,
        () => false,
      );
    },
    podOf,
    podsOf,
    /** Comes back when all of a target's pods are there and ready. */
    ready: (target: DrillTarget) =>
      eventually(
        async () => {
          const state = await open().driver.look(target);
          const ready = state.instances.filter((each) => each.ready);
          if (
            state.wanted === 0 ||
            ready.length !== state.wanted ||
            state.instances.length !== state.wanted
          ) {
            throw new Error(`${ready.length} of ${state.wanted} are ready`);
          }
          return state;
        },
        { timeoutMs: 60_000, everyMs: 200 },
      ),
    /** Puts it back after the test. */
    async changed(kind: string, object: string, patch: object): Promise<void> {
      const before = await lab.json('get', kind, object);
      await kubectl('patch', kind, object, '--type=merge', '-p', JSON.stringify(patch));
      onTestFinished(async () => {
        const { resourceVersion: _, uid: __, ...metadata } = before.metadata;
        await kubectl('delete', kind, object, '--ignore-not-found');
        apply({ ...before, metadata });
      });
    },
    async close(): Promise<void> {
      rmSync(folder, { recursive: true });
      for (const kind of ['validatingadmissionpolicy', 'validatingadmissionpolicybinding']) {
        await kubectl('delete', kind, ...admission, '--ignore-not-found');
      }
      await kubectl('delete', 'namespace', namespace, '--timeout=120s');
    },
  };
  return lab;

  async function podsOf(workload: string): Promise<string[]> {
    const label = `orderflow.io/workload=${RELEASE}-${workload}`;
    const { items } = JSON.parse(await kubectl('get', 'pods', '-l', label, '-o', 'json'));
    return items
      .filter(({ metadata }: Manifest) => !metadata.deletionTimestamp)
      .map(({ metadata }: Manifest) => metadata.name);
  }

  async function podOf(workload: string): Promise<string> {
    const [pod] = await podsOf(workload);
    if (!pod) throw new Error(`There is no pod of ${workload}.`);
    return pod;
  }
}
export type Lab = Awaited<ReturnType<typeof openLab>>;

/** The workload of the chart with pods that answer HTTP on its port, and /stream with a line every 200 ms. */
function withoutPrograms(manifest: Manifest): Manifest {
  const template = manifest.spec?.template;
  if (!template) return manifest;
  const port = template.spec.containers[0].ports[0];
  const listen = PORTS[port.name] ?? '8080';
  const script = `require('node:http').createServer(({ url }, response) => {
    if (url !== '/stream') return response.end('here');
    const timer = setInterval(() => response.write('line\\n'), 200);
    response.once('close', () => clearInterval(timer)).flushHeaders();
  }).listen(${listen}); process.once('SIGTERM', () => process.exit())`;
  const { volumeClaimTemplates: _, ...spec } = manifest.spec;
  return {
    ...manifest,
    spec: {
      ...spec,
      template: {
        metadata: { labels: template.metadata.labels },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 1,
          securityContext: template.spec.securityContext,
          containers: [
            {
              name: 'page',
              image: 'node:24-trixie-slim',
              command: ['node', '-e', script],
              ports: [{ name: port.name, containerPort: Number(listen) }],
              readinessProbe: { tcpSocket: { port: port.name }, periodSeconds: 1 },
              resources: { requests: { cpu: '5m', memory: '32Mi' }, limits: { memory: '128Mi' } },
              securityContext: template.spec.containers[0].securityContext,
            },
          ],
        },
      },
    },
  };
}

function render(...options: string[]): Manifest[] {
  const yaml = execFileSync('helm', ['template', RELEASE, chart, '--kube-version', '1.34.0', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
  return parseAllDocuments(yaml).flatMap((document) => document.toJS() ?? []);
}
