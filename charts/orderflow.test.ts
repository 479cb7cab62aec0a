import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { promisify } from 'node:util';
import { services } from '@orderflow/local-runtime/services';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFakeApiServer } from './test/fake-api-server.ts';
import { chart, type Manifest, parse, podsOf, refusal, render } from './test/render.ts';

const cases = globSync('ci/*-values.yaml', { cwd: chart }).sort();

const named = (manifests: Manifest[], kind: string, name: string): Manifest | undefined =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);

/** True when the labels of a pod have all that a selector asks for. */
const selects = (selector: { matchLabels?: Record<string, string> }, labels: Record<string, string>) =>
  Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);

/** The pods that talk to the API server. */
const withToken = ['Deployment of-chaos-controller', 'CronJob of-put-back', 'Job of-put-back-all'];

test('there are values to check', () => expect(cases.length).toBeGreaterThan(3));

describe.each(cases)('with %s', (values) => {
  const manifests = render('-f', `${chart}/${values}`);
  const pods = podsOf(manifests);
  const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');

  test('no container runs as root, writes to its root folder or keeps a capability; few get a token', () => {
    expect(pods.length).toBeGreaterThan(5);
    for (const { owner, spec, containers } of pods) {
      expect(spec, owner).toMatchObject({
        automountServiceAccountToken: withToken.includes(owner),
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(spec.securityContext.runAsUser, owner).toBeGreaterThan(0);
      for (const { securityContext } of containers) {
        expect(securityContext, owner).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  test('every container has requests and limits, and an image with a tag that stays', () => {
    for (const { owner, containers } of pods) {
      for (const { resources, image } of containers) {
        for (const side of ['requests', 'limits']) {
          expect(resources[side], owner).toMatchObject({ cpu: expect.anything(), memory: expect.anything() });
        }
        expect(image, owner).toMatch(/:[^/:]+$/);
        expect(image, owner).not.toMatch(/:latest$/);
      }
    }
  });

  test('what is called is there, and the policies let each call out and in', () => {
    for (const { kind, metadata, data } of manifests) {
      if (kind !== 'ConfigMap' || !data.LOG_LEVEL) continue;
      for (const [variable, address] of Object.entries<string>(data)) {
        if (!variable.endsWith('_URL') || !/\/\/of-/.test(address)) continue;
        const { hostname, port } = new URL(address);
        const call = `${metadata.name} ${variable}`;
        const service = named(manifests, 'Service', hostname);
        if (!service) {
          // Without drills the gateway answers that they are not available.
          expect([values, call]).toEqual(['ci/minimal-values.yaml', 'of-gateway CHAOS_CONTROLLER_URL']);
          continue;
        }
        const servicePort = service.spec.ports.find((each: Manifest) => each.port === Number(port));
        expect(servicePort, call).toBeDefined();
        if (policies.length > 0) expectAllowed(metadata.name, hostname, servicePort.targetPort, call);
      }
    }
  });

  test('each service reaches its own database and no other, and Redis if it uses it', () => {
    if (policies.length === 0) return;
    for (const { labels, containers } of pods) {
      const name = labels['orderflow.io/service'];
      if (labels['app.kubernetes.io/component'] !== 'service') continue;
      const uses = (variable: string) =>
        containers.some(({ env = [] }) => env.some((each: Manifest) => each.name === variable));
      for (const target of pods) {
        const { 'app.kubernetes.io/component': component, 'orderflow.io/service': owner } = target.labels;
        if (component !== 'postgres' && component !== 'redis') continue;
        const wanted = component === 'redis' ? uses('REDIS_URL') : owner === name && uses('DATABASE_URL');
        expect(
          [isAllowed('egress', labels, target.labels), isAllowed('ingress', target.labels, labels)],
          `${name} → ${target.owner}`,
        ).toEqual([wanted, wanted]);
      }
    }
  });

  test('metrics are read by Prometheus on a port of their own, and by no other pod', () => {
    const services = pods.filter(({ labels }) => labels['app.kubernetes.io/component'] === 'service');
    expect(services.length).toBeGreaterThan(6);
    const prometheus = { 'app.kubernetes.io/name': 'prometheus' };
    for (const { owner, labels, containers } of services) {
      const ports = containers.flatMap((container) => container.ports ?? []);
      expect(ports, owner).toContainEqual({ name: 'metrics', containerPort: 9464 });
      const service = named(manifests, 'Service', owner.replace('Deployment ', ''))!;
      expect(service.spec.ports, owner).toContainEqual({
        name: 'metrics',
        port: 9464,
        targetPort: 'metrics',
      });
      const config = named(manifests, 'ConfigMap', service.metadata.name)!;
      expect(config.data.METRICS_PORT, owner).toBe('9464');
      if (policies.length === 0) continue;
      const reader = { ...labels, ...prometheus, 'app.kubernetes.io/component': 'prometheus' };
      expect(isAllowed('ingress', labels, reader, 'metrics'), owner).toBe(true);
      for (const other of pods) {
        expect(isAllowed('ingress', labels, other.labels, 'metrics'), `${other.owner} → ${owner}`).toBe(
          other.labels['app.kubernetes.io/name'] === 'prometheus',
        );
      }
    }
    const monitor = manifests.find(({ kind }) => kind === 'ServiceMonitor');
    if (monitor) expect(monitor.spec.endpoints).toMatchObject([{ port: 'metrics', path: '/metrics' }]);
  });

  function expectAllowed(from: string, to: string, port: string, call: string) {
    const labelsOf = (owner: string) => pods.find((pod) => pod.owner === `Deployment ${owner}`)!.labels;
    expect(isAllowed('egress', labelsOf(from), labelsOf(to), port), `${call} may go out`).toBe(true);
    expect(isAllowed('ingress', labelsOf(to), labelsOf(from), port), `${call} may come in`).toBe(true);
  }

  /** Whether some policy of `own` lets it talk with `other`, as Kubernetes reads them: rules add up. */
  function isAllowed(
    direction: 'ingress' | 'egress',
    own: Record<string, string>,
    other: Record<string, string>,
    port?: string,
  ): boolean {
    return policies
      .filter(({ spec }) => selects(spec.podSelector, own))
      .flatMap(({ spec }) => spec[direction] ?? [])
      .some((rule: Manifest) => {
        const peers: Manifest[] | undefined = direction === 'ingress' ? rule.from : rule.to;
        const ports = rule.ports.map((each: Manifest) => each.port);
        if (ports.includes(53)) return false;
        const fits = !peers || peers.some((peer) => peer.podSelector && selects(peer.podSelector, other));
        return fits && (!port || ports.includes(port));
      });
  }
});

test('the connections are those of one machine', () => {
  const manifests = render();
  for (const { name, addresses } of services) {
    const { data } = named(manifests, 'ConfigMap', `of-${name}`)!;
    for (const [variable, listener] of Object.entries(addresses)) {
      // In a cluster that is the API server.
      if (listener === 'supervisor') continue;
      const expected = listener === 'smtp' ? 'smtp://of-postbox:2525' : `http://of-${listener}:8080`;
      expect(data[variable], `${name} ${variable}`).toBe(expected);
    }
  }
});

test('each service has the shared secrets that it has on one machine, and no other', () => {
  const manifests = render();
  for (const { name, secrets = [] } of services) {
    const { spec } = named(manifests, 'Deployment', `of-${name}`)!;
    const env: Manifest[] = spec.template.spec.containers[0].env;
    const shared = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef?.name === 'of-shared');
    expect([name, shared.map((one) => one.name)]).toEqual([name, secrets]);
    for (const one of shared) {
      expect(one.valueFrom.secretKeyRef.key).toBe(one.name);
      expect(named(manifests, 'Secret', 'of-shared')!.stringData[one.name]).toMatch(/^\w{32}$/);
    }
  }
});

const noBank = ['payment', 'auditor', 'chaos-controller'].map(
  (caller) => `global.connections.${caller}.BANK_URL=`,
);

test('a connection to nothing is none: no address, and no way out', () => {
  const manifests = render(
    '--set',
    ['bank.enabled=false', 'payment.env.PAYMENT_PROVIDER=stripe', ...noBank].join(),
  );
  expect(JSON.stringify(manifests)).not.toMatch(/BANK_URL|of-bank/);
  const { spec } = named(manifests, 'NetworkPolicy', 'of-auditor')!;
  expect(JSON.stringify(spec.egress)).toContain('postbox');
  expect(JSON.stringify(spec.egress)).not.toContain('bank');
});

test.each([
  [['bank.enabled=false'], 'bank is not installed, and global.connections.auditor.BANK_URL leads there'],
  [
    ['postbox.enabled=false', 'notification.env.SMTP_URL=smtp://mail'],
    'global.connections.auditor.POSTBOX_URL',
  ],
  [['postbox.enabled=false', 'global.connections.auditor.POSTBOX_URL='], 'notification.env.SMS_URL'],
  [['payment.env.PAYMENT_PROVIDER=stripe'], 'global.connections.auditor.BANK_URL has to be empty'],
])('%s alone is refused: a service would ask, or compare with, what is not there', (settings, words) => {
  expect(refusal('--set', settings.join())).toContain(words);
});

test('only the gateway can be called from anywhere, and its metrics cannot', () => {
  const open = render()
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ metadata, spec }) =>
      (spec.ingress ?? [])
        .filter((rule: Manifest) => !rule.from)
        .map(({ ports }: Manifest) => ({ name: metadata.name, ports })),
    );
  expect(open).toEqual([{ name: 'of-gateway', ports: [{ port: 'http' }] }]);
});

test('the Prometheus of the chart asks every pod of a service on the port of metrics', () => {
  const manifests = render();
  expect(named(manifests, 'ConfigMap', 'of-prometheus')!.data['prometheus.yml']).toContain('port: 9464');
  const pods = { 'app.kubernetes.io/instance': 'of', 'app.kubernetes.io/component': 'service' };
  expect(named(manifests, 'Service', 'of-metrics')!.spec).toMatchObject({ selector: pods });
  expect(named(manifests, 'NetworkPolicy', 'of-prometheus')!.spec.egress).toEqual([
    { to: [{ podSelector: { matchLabels: pods } }], ports: [{ port: 'metrics' }] },
  ]);
});

const trusted = (...settings: string[]): string | undefined =>
  named(render(...settings.flatMap((setting) => ['--set', setting])), 'ConfigMap', 'of-gateway')!.data
    .TRUST_PROXY;
const ingress = 'gateway.ingress.enabled=true';
const route = ['gateway.httpRoute.enabled=true', 'gateway.httpRoute.parentRefs[0].name=public'];

test.each([
  ['nobody without a way in', [], undefined],
  ['the Ingress controller', [ingress], '1'],
  ['the Gateway of an HTTPRoute', route, '1'],
  ['as many proxies as the values say', [ingress, 'gateway.proxy.hops=2'], '2'],
  ['no proxy when the values say so', [ingress, 'gateway.proxy.hops=0'], '0'],
  ['what gateway.env says', [ingress, 'gateway.env.TRUST_PROXY=10.0.0.0/8'], '10.0.0.0/8'],
])('X-Forwarded-For is believed of %s', (_whom, settings, value) => {
  expect(trusted(...settings)).toBe(value);
});

test('with proxy.from only those proxies and callers of the release reach the gateway', () => {
  const callers = (...options: string[]) =>
    named(render(...options), 'NetworkPolicy', 'of-gateway')!.spec.ingress.flatMap(
      ({ from }: Manifest) => from ?? ['anyone'],
    );
  const peer = { podSelector: { matchLabels: { app: 'traefik' } } };
  const selector = 'gateway.proxy.from[0].podSelector.matchLabels.app=traefik';
  const inside = ['chaos-controller', 'seed', 'test'].map((name) =>
    expect.objectContaining({
      podSelector: { matchLabels: expect.objectContaining({ 'app.kubernetes.io/name': name }) },
    }),
  );
  expect(callers('--set', ingress)).toContain('anyone');
  const limited = callers('--set', `${ingress},${selector}`);
  expect(limited).not.toContain('anyone');
  expect(limited).toEqual(expect.arrayContaining([peer, ...inside]));
});

test('only what has more than one pod has a disruption budget', () => {
  const budgets = (...options: string[]) =>
    render(...options).filter(({ kind }) => kind === 'PodDisruptionBudget');
  expect(budgets()).toEqual([]);
  expect(budgets('--set', 'order.replicas=2').map(({ metadata }) => metadata.name)).toEqual(['of-order']);
});

test('a change of the environment replaces the pods of that service alone', () => {
  const checksums = (...options: string[]) =>
    render(...options)
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => spec.template.metadata.annotations['checksum/config']);
  const before = checksums();
  const after = checksums('--set-string', 'order.env.RELAY_LINGER_MS=5');
  expect(checksums()).toEqual(before);
  expect(after.filter((checksum, index) => checksum !== before[index])).toHaveLength(1);
});

test.each([
  ['order.replica=2', 'replica'],
  ['order.postgres.pol=2', 'pol'],
  ['global.dmeo=true', 'dmeo'],
  ['global.redis.maxmem=1mb', 'maxmem'],
  ['ordr.replicas=2', 'ordr'],
  ['global.drills.alowed=true', 'alowed'],
])('a typo as in %s is refused by name', (setting, name) => {
  expect(refusal('--set', setting)).toContain(`'${name}' not allowed`);
});

test.each([
  [['order.replicas=12'], 'order: 13 pods with 10 connections each need postgres.maxConnections of 148'],
  [['order.postgres.enabled=false'], 'order: without postgres.enabled it needs postgres.external.url'],
  [['global.redis.enabled=false'], 'set global.redis.external.url or global.redis.existingSecret'],
  [['order.keda.enabled=true'], 'order: keda.streams is empty'],
  [['chaos-controller.replicas=2'], 'chaos-controller: runs in one pod'],
  [['chaos-controller.hpa.enabled=true'], 'chaos-controller: runs in one pod'],
  [['order.keda.enabled=true', 'order.hpa.enabled=true'], 'enable one of them'],
])('%s says what to do', (settings, message) => {
  expect(refusal(...settings.flatMap((setting) => ['--set', setting]))).toContain(message);
});

test('passwords are made at random, and kept by an upgrade', async () => {
  const secrets = { 'of-order-postgres': { password: 'kept-order' }, 'of-redis': { password: 'kept-redis' } };
  const upgraded = await upgradeOf({ secrets: { ...secrets, 'of-internal': { token: 'kept-token' } } });
  const secret = (name: string) => named(upgraded, 'Secret', name)!.stringData;
  expect(secret('of-order-postgres')).toEqual({
    password: 'kept-order',
    url: 'postgres://orderflow:kept-order@of-order-postgres:5432/orderflow',
  });
  expect(secret('of-redis').password).toBe('kept-redis');
  expect(secret('of-internal').token).toBe('kept-token');
  const made = ['of-payment-postgres', 'of-bank-postgres'].map((name) => secret(name).password);
  expect(new Set(made).size).toBe(2);
  expect(made[0]).toMatch(/^\w{32}$/);
});

test('the kill switch is off, and stays what somebody made it', async () => {
  expect(named(render(), 'ConfigMap', 'of-drills')!.data).toEqual({ enabled: 'true' });
  const upgraded = await upgradeOf({ configmaps: { 'of-drills': { enabled: 'false' } } });
  expect(named(upgraded, 'ConfigMap', 'of-drills')!.data).toEqual({ enabled: 'false' });
});

async function upgradeOf(present: Parameters<typeof startFakeApiServer>[0]): Promise<Manifest[]> {
  const cluster = await startFakeApiServer(present);
  onTestFinished(() => void cluster.close());
  const server = ['--dry-run=server', '--kube-apiserver', cluster.url, '--kube-version', '1.34.0'];
  const { stdout } = await promisify(execFile)('helm', ['template', 'of', chart, ...server], {
    env: { ...process.env, KUBECONFIG: '/dev/null' },
    maxBuffer: 64 * 1024 * 1024,
  });
  return parse(stdout);
}

describe('drills', () => {
  const labelled = (...options: string[]) =>
    podsOf(render(...options))
      .filter(({ labels }) => labels['orderflow.io/drills'] === 'allowed')
      .map(({ owner }) => owner);

  test('may have no pod unless it is said, and then none of the chaos controller or Prometheus', () => {
    expect(labelled()).toEqual([]);
    expect(labelled('--set', 'global.demo=true')).toEqual([]);
    const all = labelled('--set', 'global.drills.allowed=true');
    expect(all).toContain('Deployment of-order');
    expect(all).toContain('StatefulSet of-order-postgres');
    expect(all).toContain('StatefulSet of-redis');
    expect(all.filter((owner) => /chaos-controller|prometheus|seed|test/.test(owner))).toEqual([]);
  });

  test('are let at one service, or kept from it, by its labels', () => {
    const label = 'order.podLabels.orderflow\\.io/drills';
    expect(labelled('--set', `${label}=allowed`)).toEqual(['Deployment of-order']);
    const others = labelled('--set', `${label}=refused,global.drills.allowed=true`);
    expect(others).not.toContain('Deployment of-order');
    expect(others).toContain('Deployment of-payment');
  });

  test('find every workload by one label, its own name', () => {
    const own = podsOf(render()).filter(({ labels }) => labels['orderflow.io/workload']);
    expect(own.length).toBeGreaterThan(15);
    for (const { owner, labels } of own) expect(owner.split(' ')[1]).toBe(labels['orderflow.io/workload']);
  });

  const rightsOf = (role: string, ...options: string[]): string[] =>
    named(render(...options), 'Role', role)!.rules.flatMap(
      ({ apiGroups, resources, resourceNames = [''], verbs }: Record<string, string[]>) =>
        resources!.flatMap((resource) =>
          resourceNames.map(
            (name) => `${[apiGroups, resource, name].flat().filter(Boolean).join('/')}: ${verbs}`,
          ),
        ),
    );
  const rights = (...options: string[]) => rightsOf('of-chaos-controller', ...options);
  const always = [
    'pods: get,list,watch,delete',
    'pods/eviction: create',
    'apps/deployments: get,list,watch',
    'apps/statefulsets: get,list,watch',
    'apps/replicasets: get,list,watch',
    'policy/poddisruptionbudgets: get,list,watch',
    'coordination.k8s.io/leases: get,create,update',
    'configmaps/of-drills: get',
    'orderflow.io/drills: get,list,watch,update',
    'orderflow.io/drills/status: update,patch',
    'events.k8s.io/events: create,patch',
  ];

  test('have exactly these rights, in the namespace alone', () => {
    expect(rights()).toEqual([
      ...always,
      'networking.k8s.io/networkpolicies: get,list,create,patch,delete',
      'apps/deployments/scale: get,patch',
      'apps/statefulsets/scale: get,patch',
    ]);
    const off = ['global.drills.faults.partition=false', 'global.drills.faults.scaleToZero=false'];
    expect(rights('--set', off.join())).toEqual(always);
    expect(render().filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    expect(
      render('--set', 'chaos-controller.enabled=false').filter(({ kind }) => /^Role/.test(kind)),
    ).toEqual([]);
  });

  test('are run by one pod at a time, whose token nobody else has', () => {
    const { spec } = named(render(), 'Deployment', 'of-chaos-controller')!;
    expect(spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    const { subjects } = named(render(), 'RoleBinding', 'of-chaos-controller')!;
    expect(subjects).toEqual([
      expect.objectContaining({ kind: 'ServiceAccount', name: 'of-chaos-controller' }),
    ]);
    const owners = podsOf(render()).filter((pod) => pod.spec.serviceAccountName === 'of-chaos-controller');
    expect(owners.map(({ owner }) => owner)).toEqual(['Deployment of-chaos-controller']);
  });

  test('are put back without their controller, by what may do just that', () => {
    expect(rightsOf('of-put-back')).toEqual([
      'coordination.k8s.io/leases: get,update',
      'configmaps/of-drills: patch',
      'orderflow.io/drills: list,update',
      'orderflow.io/drills/status: patch',
      'networking.k8s.io/networkpolicies: get,list,patch,delete',
      'apps/deployments/scale: get,patch',
      'apps/statefulsets/scale: get,patch',
    ]);
    const cron = named(render(), 'CronJob', 'of-put-back')!;
    expect(cron.spec).toMatchObject({ schedule: '*/5 * * * *', concurrencyPolicy: 'Forbid' });
    const hook = named(render(), 'Job', 'of-put-back-all')!;
    expect(hook.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-delete' });
    const off = ['global.drills.faults.partition=false', 'global.drills.faults.scaleToZero=false'];
    expect(named(render('--set', off.join()), 'CronJob', 'of-put-back')).toBeUndefined();
    expect(
      render('--set', 'chaos-controller.enabled=false').filter(({ metadata }) =>
        /put-back/.test(metadata.name),
      ),
    ).toEqual([]);
  });

  test('ask the Prometheus of the chart, or the one that is said', () => {
    const asks = (...options: string[]) => {
      const { spec } = named(render(...options), 'Deployment', 'of-chaos-controller')!;
      return spec.template.spec.containers[0].env.find(
        ({ name }: { name: string }) => name === 'PROMETHEUS_URL',
      );
    };
    expect(asks().valueFrom.configMapKeyRef).toEqual({ name: 'of-prometheus', key: 'url', optional: true });
    expect(named(render(), 'ConfigMap', 'of-prometheus')!.data.url).toBe('http://of-prometheus:9090');
    expect(asks('--set', 'chaos-controller.env.PROMETHEUS_URL=http://elsewhere:9090')).toBeUndefined();
  });

  test('bring an admission policy only when it is said, for their ServiceAccount alone', () => {
    const policies = (...options: string[]) =>
      render('--namespace', 'shop', ...options).filter(({ kind }) => kind.startsWith('ValidatingAdmission'));
    expect(policies()).toEqual([]);
    const made = policies('--set', 'global.drills.admissionPolicy=true');
    for (const name of ['shop-of-drills', 'shop-of-drills-evictions']) {
      const { spec } = named(made, 'ValidatingAdmissionPolicy', name)!;
      expect(spec.failurePolicy).toBe('Fail');
      expect(spec.matchConditions[0].expression).toBe(
        "request.userInfo.username == 'system:serviceaccount:shop:of-chaos-controller'",
      );
      const binding = named(made, 'ValidatingAdmissionPolicyBinding', name)!;
      expect(binding.spec).toMatchObject({ policyName: name, validationActions: ['Deny'] });
    }
  });
});
