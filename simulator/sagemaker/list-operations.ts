import type { Operation } from '../contract.ts';
import { nameKey, validationError } from './naming.ts';
import type { SageMakerState } from './state.ts';

interface ListInput {
  readonly SortBy?: string;
  readonly SortOrder?: string;
  readonly NextToken?: string;
  readonly MaxResults?: number;
  readonly NameContains?: string;
  readonly CreationTimeBefore?: Date;
  readonly CreationTimeAfter?: Date;
  readonly LastModifiedTimeBefore?: Date;
  readonly LastModifiedTimeAfter?: Date;
  readonly StatusEquals?: string;
}

interface Row {
  readonly name: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly status: string;
  readonly summary: object;
}

const SORT_KEYS: Readonly<Record<string, (row: Row) => string | number>> = {
  Name: (row) => row.name,
  CreationTime: (row) => row.createdAt,
  Status: (row) => row.status,
};

/** API reference: MaxResults defaults to 10; sorted by creation time, newest first, unless said otherwise. */
const DEFAULT_PAGE = 10;

function matches(row: Row, input: ListInput): boolean {
  const { NameContains, StatusEquals } = input;
  return (
    (NameContains === undefined || row.name.toLowerCase().includes(NameContains.toLowerCase())) &&
    (StatusEquals === undefined || row.status === StatusEquals) &&
    row.createdAt >= (input.CreationTimeAfter?.getTime() ?? -Infinity) &&
    row.createdAt <= (input.CreationTimeBefore?.getTime() ?? Infinity) &&
    row.modifiedAt >= (input.LastModifiedTimeAfter?.getTime() ?? -Infinity) &&
    row.modifiedAt <= (input.LastModifiedTimeBefore?.getTime() ?? Infinity)
  );
}

function listPage(rows: Row[], input: ListInput, member: string): object {
  const key = SORT_KEYS[input.SortBy ?? 'CreationTime']!;
  const sign = (input.SortOrder ?? 'Descending') === 'Ascending' ? 1 : -1;
  const found = rows
    .filter((row) => matches(row, input))
    .sort((a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x !== y) return x < y ? -sign : sign;
      return a.name < b.name ? -1 : 1;
    });
  const from = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(from) || from < 0) throw validationError('Invalid NextToken');
  const to = from + (input.MaxResults ?? DEFAULT_PAGE);
  return {
    [member]: found.slice(from, to).map((row) => row.summary),
    ...(to < found.length ? { NextToken: String(to) } : {}),
  };
}

function endpointRows(state: SageMakerState): Row[] {
  return [...state.endpoints.values()].map((endpoint) => ({
    name: endpoint.name,
    createdAt: endpoint.createdAt,
    modifiedAt: endpoint.modifiedAt,
    status: endpoint.status,
    summary: {
      EndpointName: endpoint.name,
      EndpointArn: endpoint.arn,
      CreationTime: new Date(endpoint.createdAt),
      LastModifiedTime: new Date(endpoint.modifiedAt),
      EndpointStatus: endpoint.status,
    },
  }));
}

export function createListOperations(state: SageMakerState): Record<string, Operation> {
  return {
    ListEndpoints: (input: ListInput) => listPage(endpointRows(state), input, 'Endpoints'),
    ListEndpointConfigs(input: ListInput) {
      const rows = [...state.configs.values()].map(({ arn, createdAt, config }) => ({
        name: config.EndpointConfigName,
        createdAt,
        modifiedAt: createdAt,
        status: '',
        summary: {
          EndpointConfigName: config.EndpointConfigName,
          EndpointConfigArn: arn,
          CreationTime: new Date(createdAt),
        },
      }));
      return listPage(rows, input, 'EndpointConfigs');
    },
    ListModels(input: ListInput) {
      const rows = [...state.models.values()].map(({ arn, createdAt, model }) => ({
        name: model.ModelName,
        createdAt,
        modifiedAt: createdAt,
        status: '',
        summary: { ModelName: model.ModelName, ModelArn: arn, CreationTime: new Date(createdAt) },
      }));
      return listPage(rows, input, 'Models');
    },
    ListInferenceComponents(input: ListInput & { EndpointNameEquals?: string; VariantNameEquals?: string }) {
      const { EndpointNameEquals: endpoint, VariantNameEquals: variant } = input;
      const rows = [...state.components.values()]
        .filter((one) => nameKey(endpoint ?? one.endpoint) === nameKey(one.endpoint))
        .filter((one) => (variant ?? one.variant) === one.variant)
        .map((one) => ({
          name: one.name,
          createdAt: one.createdAt,
          modifiedAt: one.modifiedAt,
          status: one.status,
          summary: {
            InferenceComponentName: one.name,
            InferenceComponentArn: one.arn,
            EndpointName: one.endpoint,
            EndpointArn: one.endpointArn,
            VariantName: one.variant,
            CreationTime: new Date(one.createdAt),
            LastModifiedTime: new Date(one.modifiedAt),
            InferenceComponentStatus: one.status,
          },
        }));
      return listPage(rows, input, 'InferenceComponents');
    },
    // None can be created here, so there are none.
    ListMonitoringSchedules: () => ({ MonitoringScheduleSummaries: [] }),
  };
}
