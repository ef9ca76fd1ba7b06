import { ApiError } from '../contract.ts';
import { DIMENSION, NAMESPACE } from './model.ts';

export function validationError(message: string): ApiError {
  return new ApiError('ValidationException', message, 400);
}

export function limitExceeded(message: string): ApiError {
  return new ApiError('LimitExceededException', message, 400);
}

function describeKey(resourceId: string): string {
  return `service namespace: ${NAMESPACE}, resource ID: ${resourceId}, scalable dimension: ${DIMENSION}`;
}

export function targetNotFound(resourceId: string, word: 'found' | 'registered' = 'found'): ApiError {
  return new ApiError('ObjectNotFoundException', `No scalable target ${word} for ${describeKey(resourceId)}`, 400);
}

export function policyNotFound(resourceId: string, name: string): ApiError {
  return new ApiError(
    'ObjectNotFoundException',
    `No scaling policy found for ${describeKey(resourceId)}, policy name: ${name}`,
    400,
  );
}

export function actionNotFound(resourceId: string, name: string): ApiError {
  return new ApiError(
    'ObjectNotFoundException',
    `No scheduled action found for ${describeKey(resourceId)}, scheduled action name: ${name}`,
    400,
  );
}

export function resourceNotFound(arn: string): ApiError {
  return new ApiError('ResourceNotFoundException', `The resource with ARN ${arn} could not be found`, 400, {
    ResourceName: arn,
  });
}
