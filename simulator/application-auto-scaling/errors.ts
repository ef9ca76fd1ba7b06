import { ApiError } from '../contract.ts';
import { NAMESPACE } from './model.ts';

export function validationError(message: string): ApiError {
  return new ApiError('ValidationException', message, 400);
}

export function limitExceeded(message: string): ApiError {
  return new ApiError('LimitExceededException', message, 400);
}

interface Key {
  readonly ResourceId: string;
  readonly ScalableDimension: string;
}

function describeKey({ ResourceId, ScalableDimension }: Key): string {
  return `service namespace: ${NAMESPACE}, resource ID: ${ResourceId}, scalable dimension: ${ScalableDimension}`;
}

export function targetNotFound(key: Key, word: 'found' | 'registered' = 'found'): ApiError {
  return new ApiError('ObjectNotFoundException', `No scalable target ${word} for ${describeKey(key)}`, 400);
}

export function policyNotFound(key: Key, name: string): ApiError {
  return new ApiError(
    'ObjectNotFoundException',
    `No scaling policy found for ${describeKey(key)}, policy name: ${name}`,
    400,
  );
}

export function actionNotFound(key: Key, name: string): ApiError {
  return new ApiError(
    'ObjectNotFoundException',
    `No scheduled action found for ${describeKey(key)}, scheduled action name: ${name}`,
    400,
  );
}

export function resourceNotFound(arn: string): ApiError {
  return new ApiError('ResourceNotFoundException', `The resource with ARN ${arn} could not be found`, 400, {
    ResourceName: arn,
  });
}
