import type { DrillTarget } from '@orderflow/contracts/drills';

/** Something that can be taken away: a pod, or a process on one machine. */
export type Instance = {
  name: string;
  /** Its own; one that comes later under the same name has another. */
  uid: string;
  ready: boolean;
  /** It carries the label that lets drills have it. */
  optedIn: boolean;
};

export type TargetState = {
  /** Where it is, for the list of namespaces that drills may touch; `local` on one machine. */
  namespace: string;
  instances: Instance[];
  /** How many there should be. */
  wanted: number;
  /** How many its PodDisruptionBudget lets go now; null without one. */
  disruptionsAllowed: number | null;
};

export type RemoveHow = 'evict' | 'delete' | 'crash';

/** `gone`: there was none with that uid any more, so nothing was done. */
export type Removed = { outcome: 'removed' } | { outcome: 'gone' } | { outcome: 'refused'; why: string };

export type KillSwitch = { engaged: boolean; reason: string; by: string };

/** Thrown where it is certain that nothing comes of it, now or later; with why, as a sentence. */
export class Refusal extends Error {}

/**
 * What a drill does to the world. Each of these may be called again after the controller died, with the same
 * arguments, and then does only what is left to do. They throw when it is not known what came of it, and a Refusal when nothing did.
 */
export type Driver = {
  kind: 'kubernetes' | 'local';
  look(target: DrillTarget): Promise<TargetState>;
  /** Takes away exactly the instance with this uid. */
  remove(instance: { name: string; uid: string }, how: RemoveHow): Promise<Removed>;
  /** Cuts the target off from everybody, remembered under the drill's id. */
  cut(target: DrillTarget, drill: { id: string; until: Date }): Promise<void>;
  /** Leaves no replica of the target, remembering how many there were. */
  scaleToZero(target: DrillTarget, drill: { id: string; until: Date }): Promise<void>;
  /** Undoes every cut and scale that this drill left; nothing when there is none. */
  undo(drill: { id: string }): Promise<void>;
  /** Ids of drills that left something to be undone. */
  leftovers(): Promise<string[]>;
  /** The switch outside of the controller's own database; throws when it cannot be read. */
  killSwitch(): Promise<KillSwitch>;
  /** The right to be the one drill that runs here; also held again by who holds it. Gives false when another has it. */
  takeTurn(drill: { id: string }): Promise<boolean>;
  /** Must be called every few seconds while the drill runs; gives false when the turn was lost. */
  keepTurn(drill: { id: string }): Promise<boolean>;
  endTurn(drill: { id: string }): Promise<void>;
  /** For those who look at the target or the drill: Kubernetes Events. Never throws. */
  tell(
    about: { drill: { id: string; name: string }; instance?: { name: string; uid: string } },
    what: { type: 'Normal' | 'Warning'; reason: string; message: string },
  ): Promise<void>;
};
