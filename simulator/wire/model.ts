import { readFileSync } from 'node:fs';
import type { ServiceName } from '../contract.ts';

/** A shape of the trimmed service model (see scripts/trim-models.py); names refer to other shapes. */
export interface Shape {
  readonly type:
    | 'structure'
    | 'list'
    | 'map'
    | 'string'
    | 'integer'
    | 'long'
    | 'float'
    | 'double'
    | 'boolean'
    | 'timestamp'
    | 'blob';
  readonly members?: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number };
  readonly exception?: boolean;
}

export interface OperationModel {
  readonly input?: string;
  readonly output?: string;
  readonly errors?: readonly string[];
}

export interface ServiceModel {
  readonly service: ServiceName;
  readonly source: string;
  readonly apiVersion: string;
  readonly targetPrefix: string;
  readonly jsonVersion: '1.0' | '1.1';
  readonly queryCompatible: boolean;
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

const FILES: Readonly<Record<ServiceName, string>> = {
  SageMaker: 'sagemaker',
  SageMakerRuntime: 'sagemaker-runtime',
  ApplicationAutoScaling: 'application-autoscaling',
  CloudWatch: 'cloudwatch',
  EventBridge: 'events',
  SSM: 'ssm',
  DynamoDB: 'dynamodb',
  ResourceGroupsTaggingAPI: 'resourcegroupstaggingapi',
};

export const SERVICE_NAMES = Object.keys(FILES) as readonly ServiceName[];

const loaded = new Map<ServiceName, ServiceModel>();

/** The model of a service, read once per process. */
export function loadServiceModel(service: ServiceName): ServiceModel {
  let model = loaded.get(service);
  if (model === undefined) {
    const url = new URL(`./models/${FILES[service]}.json`, import.meta.url);
    model = JSON.parse(readFileSync(url, 'utf8')) as ServiceModel;
    loaded.set(service, model);
  }
  return model;
}

export function shapeOf(model: ServiceModel, name: string): Shape {
  const shape = model.shapes[name];
  if (shape === undefined) throw new Error(`${model.service}: model has no shape ${name}`);
  return shape;
}
