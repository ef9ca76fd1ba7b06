import type { EpochMs } from '../../contract.ts';

export type ComponentStatus = 'Creating' | 'InService' | 'Updating' | 'Deleting' | 'Failed';

/** Any change is refused in these. */
export const BUSY_COMPONENT: ReadonlySet<ComponentStatus> = new Set(['Creating', 'Updating', 'Deleting']);

export interface ComputeRequirements {
  readonly NumberOfCpuCoresRequired?: number;
  readonly NumberOfAcceleratorDevicesRequired?: number;
  readonly MinMemoryRequiredInMb: number;
  readonly MaxMemoryRequiredInMb?: number;
}

/** InferenceComponentSpecification as given; fields we do not interpret are kept untouched. */
export interface ComponentSpecification {
  readonly ModelName?: string;
  readonly Container?: Readonly<Record<string, unknown>>;
  readonly StartupParameters?: Readonly<Record<string, unknown>>;
  readonly ComputeResourceRequirements?: ComputeRequirements;
  readonly BaseInferenceComponentName?: string;
  readonly SchedulingConfig?: { readonly PlacementStrategy: 'SPREAD' | 'BINPACK' };
  readonly [member: string]: unknown;
}

export interface Component {
  readonly name: string;
  readonly arn: string;
  readonly endpoint: string;
  readonly endpointArn: string;
  readonly variant: string;
  readonly createdAt: EpochMs;
  modifiedAt: EpochMs;
  specification: ComponentSpecification;
  status: ComponentStatus;
  desired: number;
  /** Copies in service. */
  current: number;
  failureReason: string | undefined;
  deploymentConfig: Readonly<Record<string, unknown>> | undefined;
}

/** One instance of a variant that hosts components, with the copies that are on it or reserved for it. */
export interface Host {
  readonly instanceType: string;
  /** When it is launched; copies on it start after that. */
  readonly readyAt: EpochMs;
  /** Copies by component. */
  readonly copies: Map<Component, number>;
}
