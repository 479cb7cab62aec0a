import type { Driver } from '../driver.ts';
import { type ApiOptions, inWords, openApi, wordsOf } from './api.ts';
import { cut, cutsLeft, undoCuts } from './cut.ts';
import { readKillSwitch } from './kill-switch.ts';
import { look } from './look.ts';
import { remove } from './remove.ts';
import { scalesLeft, scaleToZero, undoScale } from './scale.ts';
import { tell } from './tell.ts';
import { endTurn, keepTurn, takeTurn } from './turn.ts';

export type KubernetesDriverOptions = ApiOptions & {
  /** Of Helm: the value of the label app.kubernetes.io/instance. */
  release: string;
  /** How long a turn lasts that nobody renews. */
  turnSeconds?: number;
  log: { warn: (about: object, message: string) => void };
};

/** Drills in the cluster that this process runs in, or that a kubeconfig names; in one namespace of it. */
export function openKubernetesDriver({
  release,
  turnSeconds = 15,
  log,
  ...options
}: KubernetesDriverOptions) {
  const api = openApi(options);
  const turn = { api, release, seconds: turnSeconds };
  const driver: Driver = {
    kind: 'kubernetes',
    look: (target) => inWords(look(api, release, target)),
    remove: (instance, how) => remove(api, instance, how),
    cut: (target, drill) => inWords(cut(api, release, target, drill)),
    scaleToZero: (target, drill) => inWords(scaleToZero(api, release, target, drill)),
    async undo(drill) {
      // The one is undone also when the other cannot be.
      const undone = await Promise.allSettled([undoCuts(api, drill), undoScale(api, release, drill)]);
      for (const each of undone) if (each.status === 'rejected') await inWords(Promise.reject(each.reason));
    },
    async leftovers() {
      const left = await inWords(Promise.all([cutsLeft(api, release), scalesLeft(api, release)]));
      return [...new Set(left.flat())];
    },
    killSwitch: () => inWords(readKillSwitch(api, release)),
    takeTurn: (drill) => inWords(takeTurn(turn, drill)),
    keepTurn: (drill) => inWords(keepTurn(turn, drill)),
    endTurn: (drill) => inWords(endTurn(turn, drill)),
    tell: (about, what) =>
      tell(api, about, what).catch((error) => {
        log.warn({ drill: about.drill.id, reason: what.reason, why: wordsOf(error) }, 'no Event was written');
      }),
  };
  return { driver, api };
}
