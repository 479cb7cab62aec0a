import { drillPhase, drillSpec } from '@orderflow/contracts/drills';
import { stringify } from 'yaml';
import { z } from 'zod';
import { type Schema, structural } from './structural.ts';

/**
 * What zod's refinements say, in the language that the API server checks rules by: by where they are, and by the
 * message, which is the refinement's own.
 */
export const rules: Record<string, { rule: string; message: string }[]> = {
  target: [
    {
      rule: "(self.kind == 'redis') == !has(self.service)",
      message: 'Name a service for the kinds service and postgres, and none for redis.',
    },
  ],
  fault: [
    {
      rule: "(self.type in ['partition', 'scale-to-zero', 'bank']) == has(self.forSeconds)",
      message: 'Say forSeconds for partition, scale-to-zero and bank, and for no other fault.',
    },
    {
      rule: "(self.type == 'bank') == has(self.bank)",
      message: 'Say bank for the fault bank, and for no other.',
    },
  ],
  'probes.items': [
    {
      rule: 'has(self.http) != has(self.prometheus)',
      message: 'A probe has either http or prometheus.',
    },
  ],
};

const immutable = { rule: 'self == oldSelf', message: 'A drill is not changed. Make another one.' };
const named = {
  rule: "self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
  message: 'The name of a drill has at most 63 lower-case letters, digits and dashes.',
};

const text = (description?: string): Schema => ({ type: 'string', ...(description && { description }) });
const moment = { type: 'string', format: 'date-time' };
const figure = (description?: string): Schema => ({ type: 'integer', ...(description && { description }) });

const condition: Schema = {
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  properties: {
    type: text(),
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: text(),
    message: text(),
    lastTransitionTime: moment,
    observedGeneration: { type: 'integer', format: 'int64' },
  },
};

const status: Schema = {
  type: 'object',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64' },
    id: text('Of the drill in the chaos controller: GET /api/drills/ID, /api/drills/ID/report.'),
    phase: { type: 'string', enum: drillPhase.options },
    reason: text('One word for programs.'),
    message: text('A sentence for people.'),
    startedAt: moment,
    endedAt: moment,
    instances: { type: 'array', items: text(), description: 'What the fault was put to.' },
    orders: {
      type: 'object',
      properties: {
        asked: figure(),
        accepted: figure(),
        refused: figure('Asked as often as a client may, and never accepted.'),
        open: figure(
          'Accepted, and not at an end when it was counted, in a drill that did not give it its time.',
        ),
        lost: figure('Accepted, and gone; or not at an end by the deadline.'),
        doubled: figure('More orders than were asked for, or more than one charge or message for one.'),
      },
    },
    detectedAfterSeconds: { type: 'number' },
    recoveredAfterSeconds: { type: 'number' },
    conditions: {
      type: 'array',
      items: condition,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
    },
  },
};

const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath });

/** The CustomResourceDefinition of drills, whose spec is the contract's. */
export function drillResourceDefinition() {
  const spec = structural(z.toJSONSchema(drillSpec, { io: 'input', target: 'openapi-3.0' }) as Schema, rules);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'drills.orderflow.io', labels: { 'app.kubernetes.io/part-of': 'orderflow' } },
    spec: {
      group: 'orderflow.io',
      scope: 'Namespaced',
      names: {
        kind: 'Drill',
        listKind: 'DrillList',
        plural: 'drills',
        singular: 'drill',
        shortNames: ['dr'],
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column('Phase', 'string', '.status.phase'),
            column('Target', 'string', '.spec.target.kind'),
            column('Service', 'string', '.spec.target.service'),
            column('Fault', 'string', '.spec.fault.type'),
            column('Recovered', 'number', '.status.recoveredAfterSeconds'),
            column('Lost', 'integer', '.status.orders.lost'),
            column('Doubled', 'integer', '.status.orders.doubled'),
            column('Age', 'date', '.metadata.creationTimestamp'),
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A failure drill: a fault on purpose, and whether every order came through.',
              required: ['spec'],
              properties: {
                spec: { ...spec, 'x-kubernetes-validations': [immutable] },
                status,
              },
              'x-kubernetes-validations': [named],
            },
          },
        },
      ],
    },
  };
}

/** The definition as it stands in the chart. */
export const crdYaml = () =>
  `# Made by scripts/generate-crd.ts from packages/contracts/src/drills.ts.\n${stringify(drillResourceDefinition(), { lineWidth: 110, aliasDuplicateObjects: false })}`;
