import type { Deployment, SimulatedAws } from '../simulator/contract.ts';
import type { Api } from './api.ts';
import type { CallCoverage } from './call-coverage.ts';
import type { Clocks } from './clocks.ts';
import type { RehearsedFunction } from './functions.ts';
import type { Happening, Scenario } from './model.ts';
import type { Observer } from './observe.ts';

/** An entry of `happens` with what came of it. */
export interface HappeningState {
  readonly happening: Happening;
  times(): number;
  answer(): unknown;
  /** Calls when what somebody did at its instant was done; absent: nobody does anything. */
  onDone?(listener: () => void): void;
}

/** A run that has begun: what stands, and what is seen of it. */
export interface Run {
  readonly scenario: Scenario;
  readonly aws: SimulatedAws;
  readonly deployment: Deployment;
  readonly observer: Observer;
  readonly tagPrefix: string;
  readonly tableName: string;
  /** The people around the endpoints: they write documents, make scripted calls, ask for wakes. */
  readonly person: Api;
  readonly happenings: readonly HappeningState[];
  /** Which calls the functions made, and after which they died. */
  readonly coverage: CallCoverage;
  readonly clocks: Clocks;
  readonly functions: ReadonlyMap<string, RehearsedFunction>;
}

/** Before anything is scripted to happen. */
export type UnscriptedRun = Omit<Run, 'happenings'>;

export function parameterOf(tagPrefix: string, kind: 'schedules' | 'policies', name: string, text: string) {
  return { Name: `/${tagPrefix}/${kind}/${name}`, Type: 'String', Value: text, Overwrite: true };
}
