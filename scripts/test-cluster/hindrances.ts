import type { Kube } from './kube.ts';

type Peer = { podSelector?: { matchLabels?: Record<string, string> } };
type Rule = { to?: Peer[] };

/** Keeps the chaos controller from bringing its fault to an end. Gives what lets it. */
export type Hindrance = (kube: Kube) => Promise<() => Promise<unknown>>;

/** The API server answers every change of a policy with an error of its own: a partition stays half done. */
export const policiesCannotChange: Hindrance = async (kube) => {
  const name = `${kube.namespace}-policies`;
  await kube.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: 'nobody.orderflow.io',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [
          {
            apiGroups: ['networking.k8s.io'],
            apiVersions: ['v1'],
            operations: ['UPDATE'],
            resources: ['networkpolicies'],
          },
        ],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': kube.namespace } },
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 1,
      },
    ],
  });
  return () => kube.kubectl('delete', 'validatingwebhookconfiguration', name);
};

/** It does not reach the bank, whatever it asks it for; others do. */
export const noWayToTheBank: Hindrance = async (kube) => {
  const policy = ['networkpolicy', `${kube.release}-chaos-controller`];
  const egress: Rule[] = JSON.parse(await kube.kubectl('get', ...policy, '-o', 'jsonpath={.spec.egress}'));
  const write = (value: Rule[]) => {
    const patch = [{ op: 'replace', path: '/spec/egress', value }];
    return kube.kubectl('patch', ...policy, '--type=json', '-p', JSON.stringify(patch));
  };
  const isTheBank = ({ podSelector }: Peer) =>
    podSelector?.matchLabels?.['app.kubernetes.io/name'] === 'bank';
  await write(egress.filter(({ to = [] }) => !to.some(isTheBank)));
  return () => write(egress);
};
