import type { DrillSpec, DrillTarget, QuietHours } from '@orderflow/contracts/drills';
import type { Finding } from './drill-state.ts';
import type { TargetState } from './driver.ts';
import { allowedOrigins, type ProbeTargets, probeAddress } from './probe-address.ts';
import { quietNow } from './quiet-hours.ts';
import type { Seen } from './seen.ts';

/** What drills must keep to here, and what else goes on. */
export type Rules = ProbeTargets & {
  namespaces: readonly string[];
  /** How many instances of a kind must be ready before one is taken. */
  minReplicas: Record<DrillTarget['kind'], number>;
  cooldownSeconds: number;
  quietHours: readonly QuietHours[];
  /** There is a simulated bank, whose answers can be made to go wrong. */
  hasBank: boolean;
  /** The last drill that did something. */
  last: { name: string; endedAt: number } | null;
  /** The name of another drill that is under way here. */
  running: string | null;
};

/** What watches over drills is never their target, whatever labels it came to carry. */
const watchers = /(^|-)(chaos-controller|prometheus|grafana|alertmanager)(-|$)/;

const finding = (reason: string, message: string): Finding => ({ reason, message });

/** Why a drill may not begin: everything at once, and nothing when it may. */
export const refusals = (spec: DrillSpec, seen: Pick<Seen, 'at' | 'target' | 'killSwitch'>, rules: Rules) => [
  ...killSwitchRefusals(seen.killSwitch),
  ...timeRefusals(seen.at, rules),
  ...(spec.fault.type === 'bank' && !rules.hasBank
    ? [finding('NoBank', 'There is no simulated bank here, so its answers cannot be made to go wrong.')]
    : []),
  ...probeRefusals(spec, rules),
  ...(seen.target
    ? targetRefusals(spec, seen.target, rules)
    : [finding('TargetUnknown', 'The target could not be looked at; see the log of the chaos controller.')]),
];

function killSwitchRefusals({ engaged, reason, by }: Seen['killSwitch']): Finding[] {
  if (!engaged) return [];
  const message = `The kill switch is engaged (${by}): ${reason} Release it when drills may run again.`;
  return [finding('KillSwitch', message)];
}

function timeRefusals(at: number, { running, last, cooldownSeconds, quietHours }: Rules): Finding[] {
  const found: Finding[] = [];
  if (running !== null) {
    found.push(finding('AnotherDrillRuns', `The drill ${running} is under way; wait for its end.`));
  }
  const restSeconds = last ? Math.ceil(cooldownSeconds - (at - last.endedAt) / 1000) : 0;
  // One that ended far from now ended by a clock that was ahead.
  if (last && restSeconds > 0 && restSeconds <= 2 * cooldownSeconds) {
    const message = `The drill ${last.name} ended less than ${cooldownSeconds} s ago; try again in ${restSeconds} s.`;
    found.push(finding('CoolDown', message));
  }
  const quiet = quietNow(quietHours, new Date(at));
  if (quiet) {
    const message = `These are quiet hours, from ${quiet.from} to ${quiet.to} (${quiet.timeZone}); try again after.`;
    found.push(finding('QuietHours', message));
  }
  return found;
}

function probeRefusals({ probes }: DrillSpec, rules: Rules): Finding[] {
  const names = probes.filter(({ http }) => http && !probeAddress(http.url, rules)).map(({ name }) => name);
  if (names.length === 0) return [];
  const message =
    `Probes may ask the gateway, by a path such as /api/products, and ${allowedOrigins(rules).join(', ')}; change ` +
    `${names.join(', ')}, or have who installs OrderFlow add the address to DRILL_PROBE_ORIGINS.`;
  return [finding('ProbeNotAllowed', message)];
}

/** Why this target, as it is now, may not be touched. */
export function targetRefusals(
  { target: { kind, service }, fault }: DrillSpec,
  { namespace, instances, disruptionsAllowed }: TargetState,
  { namespaces, minReplicas }: Pick<Rules, 'namespaces' | 'minReplicas'>,
): Finding[] {
  const found: Finding[] = [];
  const named = [kind === 'service' ? undefined : kind, service && `of ${service}`].filter(Boolean).join(' ');
  const what = kind === 'service' ? `the service ${service}` : `the ${named}`;
  if (!namespaces.includes(namespace)) {
    const message = `The namespace ${namespace} is not among those that drills may touch: ${namespaces.join(', ') || 'none'}.`;
    found.push(finding('NamespaceNotAllowed', message));
  }
  if (instances.length === 0) {
    found.push(finding('EmptyTarget', `There is no instance of ${what}.`));
    return found;
  }
  const watching = instances.filter(({ name }) => watchers.test(name));
  if (watching.length > 0) {
    const message = `${namesOf(watching)} watches over drills and is never touched by one; look at its labels.`;
    found.push(finding('WatcherNotAllowed', message));
  }
  const unlabelled = instances.filter(({ optedIn }) => !optedIn);
  if (unlabelled.length > 0) {
    const message = `${namesOf(unlabelled)} has no label that lets drills have it.`;
    found.push(finding('NotOptedIn', message));
  }
  const ready = instances.filter((instance) => instance.ready).length;
  const least = Math.max(minReplicas[kind], isRemoval(fault.type) ? fault.count : 1);
  if (ready < least) {
    const message = `Of ${instances.length} instances of ${what} ${ready} are ready; at least ${least} must be.`;
    found.push(finding('TooFewReplicas', message));
  }
  if (fault.type === 'evict' && disruptionsAllowed !== null && disruptionsAllowed < fault.count) {
    const message = `The PodDisruptionBudget of ${what} allows ${disruptionsAllowed} evictions now, not ${fault.count}.`;
    found.push(finding('DisruptionBudget', message));
  }
  return found;
}

const namesOf = (instances: { name: string }[]) => instances.map(({ name }) => name).join(', ');

/** Takes instances away, as opposed to lasting for a while. */
export const isRemoval = (type: DrillSpec['fault']['type']): type is 'evict' | 'delete' | 'crash' =>
  type === 'evict' || type === 'delete' || type === 'crash';
