import type { Entry } from './documents.ts';

export const TYPES = ['ml.g5.2xlarge', 'ml.g6.2xlarge', 'ml.g5.xlarge', 'ml.m5.xlarge'] as const;

export type Manner = 'parked' | 'async' | 'bounded' | 'components' | 'serverless';

export interface SoakEndpoint {
  readonly name: string;
  readonly manner: Manner;
  readonly policy: string;
  readonly instanceType: string;
  /** As many instances as its policy allows at any time; copies of one component; units of provisioned concurrency. */
  readonly most: number;
  /** Endpoint configs of the owner's beside its own, made before anything happens. */
  readonly configs: readonly { readonly name: string; readonly instanceType: string }[];
  /** A CloudWatch alarm that wakes it. */
  readonly alarm: string | undefined;
  /** Names of its production variants. */
  readonly variants: readonly string[];
  /** Names of its inference components. */
  readonly components: readonly string[];
}

export type DrawnEndpoint = Omit<SoakEndpoint, 'policy' | 'most'>;

/** What Application Auto Scaling scales of it: its first variant, or its first component. */
export function targetOf({ name, manner, variants, components }: SoakEndpoint): Entry {
  const [component] = components;
  if (component !== undefined) {
    return {
      ServiceNamespace: 'sagemaker',
      ResourceId: `inference-component/${component}`,
      ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    };
  }
  const what = manner === 'serverless' ? 'DesiredProvisionedConcurrency' : 'DesiredInstanceCount';
  return {
    ServiceNamespace: 'sagemaker',
    ResourceId: `endpoint/${name}/variant/${variants[0]}`,
    ScalableDimension: `sagemaker:variant:${what}`,
  };
}
