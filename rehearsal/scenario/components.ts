import { makeProblem } from '../../shared/documents/problem.ts';
import type { ScenarioComponent, ScenarioEndpoint } from '../model.ts';
import { type MinuteCounts, minutesOf } from '../traffic/traffic.ts';
import type { ResolveContext } from './context.ts';
import type { ScenarioDocument } from './grammar.ts';
import { resolveTraffic } from './resolve-traffic.ts';

type EndpointDocument = ScenarioDocument['endpoints'][string];
type ComponentDocument = Omit<NonNullable<EndpointDocument['components']>[string], 'traffic'>;

export const COMPONENT_DEFAULTS = {
  /** An instance more; its copies start after that. */
  startMs: 4 * 60_000,
  copyStartMs: 4 * 60_000,
  instances: { min: 0, max: 4 },
  memoryMb: 1_024,
} as const;

/** Generous on purpose: 1,000 requests a second and instance, so that capacity is no question unless it is asked. */
const DEFAULT_SERVES = { concurrent: 100, in: 100 } as const;

const HAS_ACCELERATORS = /^ml\.(?:g|p|inf|trn)\d/;

type Serves = { readonly concurrent: number; readonly in: number; readonly streams?: boolean | undefined };

export function servesOf(serves: Serves | undefined, kind?: EndpointDocument['kind']) {
  const usual = kind === 'serverless' ? { ...DEFAULT_SERVES, concurrent: 1 } : DEFAULT_SERVES;
  const { concurrent, in: ms, streams }: Serves = serves ?? usual;
  return { concurrent, seconds: ms / 1_000, ...(streams && { streams }) };
}

/** The components of an endpoint of that kind: those it names, or a single one that bears the endpoint's name. */
export function resolveComponents(
  context: ResolveContext,
  endpoint: string,
  document: EndpointDocument,
  traffic: MinuteCounts,
): ScenarioEndpoint['hosting'] {
  if (document.kind !== 'components') return undefined;
  // The grammar asks for one: no component runs on pools here.
  const { instances, instanceType = '' } = document;
  const { min, max } = instances?.form === 'range' ? instances : COMPONENT_DEFAULTS.instances;
  if (document.components === undefined) {
    const { startsIn: _, ...single } = document;
    return { min, max, components: [componentOf(endpoint, single, instanceType, traffic)] };
  }
  const components = Object.entries(document.components).map(([name, component]) => {
    const path = ['endpoints', endpoint, 'components', name];
    if (isTaken(context, endpoint, name)) {
      const allowed = 'a name that no other endpoint has given to a component: they are unique in a region';
      context.problems.push(makeProblem(path, name, allowed, { atKey: true }));
    }
    const place = { path, stream: `${endpoint}/${name}` };
    const counts = resolveTraffic(context, place, component.traffic, minutesOf(context.durationMs));
    return componentOf(name, component, instanceType, counts);
  });
  return { min, max, components };
}

/** Every name of an earlier endpoint's components, however it is spelled. */
function isTaken({ document }: ResolveContext, endpoint: string, name: string): boolean {
  for (const [other, { kind, components }] of Object.entries(document.endpoints)) {
    if (other === endpoint) return false;
    const names = kind === 'components' ? Object.keys(components ?? { [other]: {} }) : [];
    if (names.some((one) => one.toLowerCase() === name.toLowerCase())) return true;
  }
  return false;
}

function componentOf(
  name: string,
  component: ComponentDocument,
  instanceType: string,
  traffic: MinuteCounts,
): ScenarioComponent {
  const { copies = 1, cpus, accelerators, memoryMb = COMPONENT_DEFAULTS.memoryMb } = component;
  const asks = cpus !== undefined || accelerators !== undefined;
  const usual = HAS_ACCELERATORS.test(instanceType) ? { accelerators: 1 } : { cpus: 1 };
  return {
    name,
    copies,
    needs: {
      memoryMb,
      ...(asks ? {} : usual),
      ...(cpus === undefined ? {} : { cpus }),
      ...(accelerators === undefined ? {} : { accelerators }),
    },
    startsIn: component.startsIn ?? { kind: 'fixed', ms: COMPONENT_DEFAULTS.copyStartMs },
    serves: servesOf(component.serves),
    traffic,
    whenAway: component.whenAway ?? 'lost',
  };
}
